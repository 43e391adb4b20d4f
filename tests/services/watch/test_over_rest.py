"""The watch against an Airflow behind REST: tired, restarted, with another clock, or with nothing to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from dagnosis.errors import DagnosisError, ServiceUnreachable
from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.services.watch import follow as following
from dagnosis.services.watch.follow import follow
from dagnosis.services.watch.rounds import Watch
from dagnosis.sources.airflow_api import ApiHistory, ApiLogs
from dagnosis.sources.credentials import Nobody
from dagnosis.sources.rest import Limits, Rest
from tests.services.watch.rest_airflow import RestAirflow


@pytest.fixture
def airflow() -> Iterator[RestAirflow]:
    made = RestAirflow()
    yield made
    made.stop()


@pytest.fixture
def incidents(tmp_path: Path) -> Iterator[Incidents]:
    with open_incidents(str(tmp_path / "store.db")) as made:
        yield made


@pytest.fixture
def watch(airflow: RestAirflow, incidents: Incidents) -> Iterator[Callable[[], Watch]]:
    """Makes a watch that has just started; a request is tried for two seconds."""
    limits = Limits(timeout=5.0, patience=2.0)
    with closing(Rest(airflow.url, Nobody(), limits)) as rest:
        yield lambda: Watch(ApiHistory(rest), ApiLogs(rest), incidents)


def counted(incidents: Incidents) -> int:
    return sum(one.count for one in incidents.find(Query()).incidents)


@pytest.mark.parametrize("minutes", [-10, 10])
def test_another_clock_loses_nothing(
    airflow: RestAirflow, watch: Callable[[], Watch], incidents: Incidents, minutes: int
) -> None:
    airflow.ahead = timedelta(minutes=minutes)
    one = watch()
    for number in range(3):
        airflow.fail(f"r{number}")
        done = one.round()
        assert [occurrence.task.run_id for occurrence, _ in done.new] == [f"r{number}"]
        assert done.lag < 60
    airflow.fail("r3")
    watch().round()
    assert counted(incidents) == 4


def test_a_clock_that_is_set_back_while_it_watches(
    airflow: RestAirflow, watch: Callable[[], Watch], incidents: Incidents
) -> None:
    airflow.ahead = timedelta(seconds=80)
    one = watch()
    one.round()
    airflow.ahead = timedelta(0)
    airflow.fail("r1")
    one.round()
    assert counted(incidents) == 1


def test_too_many_requests_are_waited_for(
    airflow: RestAirflow, watch: Callable[[], Watch], incidents: Incidents
) -> None:
    left = [2]

    def busy(handler: Any) -> bool:
        left[0] -= 1
        if left[0] >= 0:
            handler.say(429, Retry_After="1")
        return left[0] >= 0

    airflow.fail("r1")
    airflow.trouble = busy
    with pytest.raises(ServiceUnreachable, match="429"):
        watch().round()  # more than the patience of this watch
    assert counted(incidents) == 0
    watch().round()
    assert counted(incidents) == 1


def test_errors_within_a_round_lose_nothing(
    airflow: RestAirflow, watch: Callable[[], Watch], incidents: Incidents
) -> None:
    """A server that fails at one kind of question after the other."""
    for number, word in enumerate(("importErrors", "eventLogs", "/logs/", "/taskInstances")):
        airflow.fail(f"r{number}")

        def down(handler: BaseHTTPRequestHandler, word: str = word) -> bool:
            if word in handler.path:
                handler.send_error(503)
            return word in handler.path

        airflow.trouble = down
        one = watch()
        with pytest.raises(ServiceUnreachable, match="503"):
            one.round()
        airflow.trouble = lambda _: False
        one.round()
    assert counted(incidents) == 4


class Virtual:
    """A flag whose waiting takes no time, and a clock that it moves; things happen at their minute."""

    def __init__(self, minutes: float) -> None:
        self.seconds, self._end = 0.0, minutes * 60
        self.at: dict[float, Callable[[], object]] = {}

    def monotonic(self) -> float:
        return 1000 + self.seconds

    def is_set(self) -> bool:
        return self.seconds >= self._end

    def wait(self, timeout: float) -> bool:
        self.seconds += timeout
        for minute in sorted(minute for minute in self.at if minute * 60 <= self.seconds):
            self.at.pop(minute)()
        return self.is_set()


def followed(
    watch: Watch, virtual: Virtual, monkeypatch: pytest.MonkeyPatch
) -> list[DagnosisError]:
    """Follow until the end of the virtual time; what was in trouble."""
    monkeypatch.setattr(following, "time", virtual)
    told: list[DagnosisError] = []
    flag: Event = virtual  # type: ignore[assignment]
    follow(watch, interval=5, stop=flag, trouble=lambda error, _: told.append(error))
    return told


def test_an_airflow_that_restarts_is_waited_for(
    airflow: RestAirflow,
    watch: Callable[[], Watch],
    incidents: Incidents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    virtual = Virtual(minutes=12)

    def back() -> None:
        airflow.start()
        airflow.fail("while it was down")

    virtual.at = {1: airflow.stop, 2: back}
    told = followed(watch(), virtual, monkeypatch)
    assert told
    assert counted(incidents) == 1


def test_an_idle_watch_asks_for_two_things_a_minute(
    airflow: RestAirflow, watch: Callable[[], Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    virtual, idle = Virtual(minutes=31), [0]
    virtual.at = {1: lambda: idle.append(len(airflow.asked))}
    followed(watch(), virtual, monkeypatch)
    asked = airflow.asked[idle[-1] :]
    assert 30 <= len(asked) <= 30 * 2.5, "a failure is found within a minute"
