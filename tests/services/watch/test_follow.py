"""The loop around the rounds: idle until a hint comes, patient with what does not answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from dagnosis.errors import DagnosisError, ServiceUnreachable, WrongUse
from dagnosis.incidents.incidents import open_incidents
from dagnosis.model import TaskRef
from dagnosis.services.watch.follow import follow
from dagnosis.services.watch.pace import IDLE_AFTER, IDLE_SECONDS, Pace
from dagnosis.services.watch.rounds import Round, Watch
from dagnosis.spool import Hint, Spool
from tests.services.watch.table import START, Logs, Table

TASK = TaskRef("daily", "r1", "load", -1, 1)


def _until(met: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_idle_watch_wakes_for_a_hint(tmp_path: Path) -> None:
    airflow, spool, rounds, stop = Table(), Spool(tmp_path / "spool"), list[Round](), Event()
    with open_incidents(str(tmp_path / "store.db")) as incidents:
        watch = Watch(airflow, Logs(), incidents, spool=spool)
        thread = Thread(
            target=follow,
            args=(watch,),
            kwargs={"interval": 0.02, "stop": stop, "afterwards": (rounds.append,)},
        )
        thread.start()
        try:
            _until(lambda: len(rounds) >= IDLE_AFTER)
            airflow.put(TASK, "failed")
            spool.write(Hint("task_failed", time=START.timestamp(), dag_id="daily", run_id="r1",
                             task_id="load", try_number=1))  # fmt: skip
            _until(lambda: any(done.new for done in rounds))
        finally:
            stop.set()
            thread.join(20)
    assert [one.found_by for done in rounds for one, _ in done.new] == ["hook"]


def test_pace_is_quick_while_things_happen_and_slow_when_they_do_not() -> None:
    pace = Pace(5)
    waits = [pace.after(changed=False, running=False) for _ in range(IDLE_AFTER + 1)]
    assert waits == [5, 5, IDLE_SECONDS, IDLE_SECONDS]
    assert pace.after(changed=False, running=True) == 5
    failures = [pace.after_failure() for _ in range(12)]
    assert all(2.5 < wait <= 300 for wait in failures)
    assert failures[-1] >= 150


def test_trouble_is_told_and_waited_for_and_a_broken_step_stops_nothing(tmp_path: Path) -> None:
    airflow, stop, told = Table(), Event(), list[tuple[DagnosisError, float]]()
    airflow.down = True

    def trouble(error: DagnosisError, seconds: float) -> None:
        told.append((error, seconds))
        airflow.down = False

    def broken(done: Round) -> None:
        raise RuntimeError("a step of ours")

    with open_incidents(str(tmp_path / "store.db")) as incidents:
        follow(
            Watch(airflow, Logs(), incidents),
            interval=0.01,
            stop=stop,
            afterwards=(broken, lambda done: stop.set()),
            trouble=trouble,
        )
    ((error, seconds),) = told
    assert isinstance(error, ServiceUnreachable)
    assert 0 < seconds < 1


def test_a_wrong_password_ends_it_at_once(tmp_path: Path) -> None:
    class Refused(Table):
        def broken_dags(self) -> list[object]:  # type: ignore[override]
            raise WrongUse("http://airflow: wrong password")

    with open_incidents(str(tmp_path / "store.db")) as incidents:
        watch = Watch(Refused(), Logs(), incidents)
        with pytest.raises(WrongUse, match="wrong password"):
            follow(watch, interval=0.01, stop=Event())
