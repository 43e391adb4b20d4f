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

LOAD = TaskRef("orders", "src1", "load", -1, 2)
FIRST = TaskRef("orders", "src1", "load", -1, 1)
PART = TaskRef("orders", "src1", "part", 1, 1)
VICTIM = TaskRef("killed", "src2", "victim")
SLEEPER = TaskRef("waits", "src3", "sleeper")
LOGS = {
    FIRST: "column amount is missing",
    LOAD: "column amount is missing",
    PART: "division by zero",
    VICTIM: "about to be killed",
}
PASSWORD = "DAGNOSIS_TEST_PASSWORD"


class Ran(msgspec.Struct):
    """An Airflow in which everything has happened, and what is known of it."""

    airflow: RealAirflow
    known: Known


def _ran(airflow: RealAirflow) -> Ran:
    begin = datetime.now(timezone.utc) - timedelta(seconds=30)
    os.environ[PASSWORD] = airflow.password
    airflow.trigger("waits", "src3")
    for dag_id, run_id in (("orders", "src1"), ("killed", "src2")):
        airflow.run(dag_id, run_id)
    deadline = time.monotonic() + 120
    while not airflow.call("GET", "/importErrors")["import_errors"]:
        assert time.monotonic() < deadline, "broken.py is not parsed"
        time.sleep(1)
    time.sleep(SETTLED.total_seconds() + 1)
    known = Known(
        since=begin,
        last={
            TaskRef("orders", "src1", "extract"): "success",
            LOAD: "failed",
            TaskRef("orders", "src1", "report", -1, 0): "upstream_failed",
            TaskRef("orders", "src1", "part", 0, 1): "success",
            PART: "failed",
            VICTIM: "failed",
            SLEEPER: "running",
        },
        retried={LOAD: ("failed", "failed")},
        runs={("orders", "src1"): "failed", ("waits", "src3"): "running"},
        broken=("broken.py",),
        assets={"file:///warehouse/orders": "42"},
        sources={"orders": "def orders"} if airflow.major == 3 else {},
        secrets=(airflow.password if airflow.major == 3 else "meta-2026", "meta-2026"),
    )
    return Ran(airflow, known)


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
    missing = [TaskRef("orders", "src1", "report"), TaskRef("nothing", "r", "t")]
    check_log_source(logs, LOGS, missing, ran.known.secrets)


def test_a_line_has_the_same_number_everywhere(ran: Ran) -> None:
    rest = open_logs(by_rest(ran.airflow))
    folder = open_logs(Settings(airflow_logs=str(ran.airflow.logs)))
    for task, text in LOGS.items():
        here, there = rest.read(task), folder.read(task)
        assert here is not None
        assert there is not None
        place = [
            number for number, line in zip(here.numbers, here.lines, strict=True) if text in line
        ]
        assert place == [
            number for number, line in zip(there.numbers, there.lines, strict=True) if text in line
        ]
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
        assert "src1" not in found
        history.close()
