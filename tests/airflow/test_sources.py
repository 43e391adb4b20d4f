"""Every source against real Airflows: the same runs, seen through REST, the database and the logs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import msgspec
import pytest

from dagnosis.model import TaskRef
from dagnosis.services.explain import explain_log
from dagnosis.settings import Settings
from dagnosis.sources.checks import Known, check_log_source, check_run_history
from dagnosis.sources.contract import SETTLED, LogSource
from dagnosis.sources.opening import open_history, open_logs
from tests.airflow.real import RealAirflow

PASSWORD = "DAGNOSIS_TEST_PASSWORD"


SLEEPER = TaskRef("waits", "src3", "sleeper")
ENDS = {
    ("extract", -1): ["success"],
    ("load", -1): ["failed", "failed"],
    ("report", -1): ["upstream_failed"],
    ("part", 0): ["success"],
    ("part", 1): ["failed"],
}
"""How the tasks of `orders` end: the state of each try."""


class Ran(msgspec.Struct):
    """An Airflow in which everything has happened, what is known of it, and a text in each log."""

    airflow: RealAirflow
    known: Known
    logs: dict[TaskRef, str]


def _orders(airflow: RealAirflow) -> str:
    """A run of `orders` that ends as its tasks are written: on a busy machine Airflow's own parts time
    out now and then, and tasks fail that should not."""
    for number in range(4):
        run_id = airflow.run("orders", f"src1-{number}")
        base = f"/dags/orders/dagRuns/{run_id}/taskInstances"
        found = {}
        for (task_id, index), states in ENDS.items():
            path = f"{base}/{task_id}/{index}/tries" if index >= 0 else f"{base}/{task_id}/tries"
            rows = sorted(
                airflow.call("GET", path)["task_instances"], key=lambda row: row["try_number"]
            )
            found[task_id, index] = [row["state"] for row in rows] == states
        if all(found.values()):
            return run_id
    pytest.skip("this machine is too busy: tasks of Airflow fail that should not")


def _ran(airflow: RealAirflow) -> Ran:
    begin = datetime.now(timezone.utc) - timedelta(seconds=30)
    os.environ[PASSWORD] = airflow.password
    airflow.trigger("waits", "src3")
    airflow.run("killed", "src2")
    run_id = _orders(airflow)
    load, first = TaskRef("orders", run_id, "load", -1, 2), TaskRef("orders", run_id, "load", -1, 1)
    part, victim = TaskRef("orders", run_id, "part", 1, 1), TaskRef("killed", "src2", "victim")
    deadline = time.monotonic() + 120
    while not airflow.call("GET", "/importErrors")["import_errors"]:
        assert time.monotonic() < deadline, "broken.py is not parsed"
        time.sleep(1)
    time.sleep(SETTLED.total_seconds() + 1)
    known = Known(
        since=begin,
        last={
            TaskRef("orders", run_id, "extract"): "success",
            load: "failed",
            TaskRef("orders", run_id, "report", -1, 0): "upstream_failed",
            TaskRef("orders", run_id, "part", 0, 1): "success",
            part: "failed",
            victim: "failed",
            SLEEPER: "running",
        },
        retried={load: ("failed", "failed")},
        runs={("orders", run_id): "failed", ("waits", "src3"): "running"},
        broken=("broken.py",),
        assets={"file:///warehouse/orders": "42"},
        sources={"orders": "def orders"} if airflow.major == 3 else {},
        secrets=(airflow.password if airflow.major == 3 else "meta-2026", "meta-2026"),
    )
    logs = {
        first: "column amount is missing",
        load: "column amount is missing",
        part: "modulo by zero",
        victim: "about to be killed",
    }
    return Ran(airflow, known, logs)


@pytest.fixture(scope="module")
def three(airflow: RealAirflow) -> Ran:
    return _ran(airflow)


@pytest.fixture(scope="module")
def two(airflow2: RealAirflow) -> Ran:
    return _ran(airflow2)


@pytest.fixture(params=["three", "two"], ids=["airflow3", "airflow2"])
def ran(request: pytest.FixtureRequest) -> Ran:
    found: Ran = request.getfixturevalue(request.param)
    return found


def by_rest(airflow: RealAirflow) -> Settings:
    return Settings(
        airflow_url=airflow.url, airflow_user=airflow.user, airflow_password_env=PASSWORD
    )


@pytest.fixture(params=["rest", "folder"])
def logs(ran: Ran, request: pytest.FixtureRequest) -> Iterator[LogSource]:
    folder = Settings(airflow_logs=str(ran.airflow.logs))
    source = open_logs(by_rest(ran.airflow) if request.param == "rest" else folder)
    yield source
    source.close()


def test_rest(ran: Ran) -> None:
    check_run_history(open_history(by_rest(ran.airflow)), ran.known)


def test_database(ran: Ran) -> None:
    check_run_history(open_history(Settings(airflow_database=ran.airflow.database)), ran.known)


def test_logs(ran: Ran, logs: LogSource) -> None:
    missing = [
        msgspec.structs.replace(next(iter(ran.logs)), task_id="report"),
        TaskRef("no", "r", "t"),
    ]
    check_log_source(logs, ran.logs, missing, ran.known.secrets)


def test_a_line_has_the_same_place_everywhere(ran: Ran) -> None:
    rest = open_logs(by_rest(ran.airflow))
    folder = open_logs(Settings(airflow_logs=str(ran.airflow.logs)))
    for task, text in ran.logs.items():
        here, there = rest.read(task), folder.read(task)
        assert here is not None
        assert there is not None
        place = [
            number for number, line in zip(here.numbers, here.lines, strict=True) if text in line
        ]
        in_file = [
            number for number, line in zip(there.numbers, there.lines, strict=True) if text in line
        ]
        # REST sorts by time what the file has as it came: a line of another pipe may pass it
        assert len(place) == len(in_file)
        assert all(abs(a - b) <= 1 for a, b in zip(place, in_file, strict=True))
        assert explain_log(here).detail == explain_log(there).detail
    rest.close()


def test_rest_and_database_tell_the_same(ran: Ran) -> None:
    rest = open_history(by_rest(ran.airflow))
    database = open_history(Settings(airflow_database=ran.airflow.database))
    for task in ran.known.last:
        if task == SLEEPER:
            continue
        for here, there in zip(rest.tries(task), database.tries(task), strict=True):
            for name in (
                "task",
                "state",
                "operator",
                "pool",
                "queued",
                "started",
                "ended",
                "max_tries",
            ):
                assert getattr(here, name) == getattr(there, name), f"{task}: {name}"
    rest.close()
    database.close()


def test_a_poll_sees_a_task_that_is_killed(three: Ran) -> None:
    """From the cursor on, through both; nothing in the task's process could have said so."""
    histories = [
        open_history(by_rest(three.airflow)),
        open_history(Settings(airflow_database=three.airflow.database)),
    ]
    cursors = [history.now() - SETTLED for history in histories]
    for history, cursor in zip(histories, cursors, strict=True):
        list(history.attempts(cursor))
    three.airflow.run("killed", "src4")
    for history, cursor in zip(histories, cursors, strict=True):
        found = {row.task.run_id: row.state for row in history.attempts(cursor)}
        assert found["src4"] == "failed"
        assert "src2" not in found
        history.close()
