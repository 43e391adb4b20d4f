"""A real scheduler, a real worker: what becomes of tasks, with the policy and without a working dagnosis.

Needs an Airflow 3.3 in which dagnosis is installed; DAGNOSIS_TEST_AIRFLOW names its Python.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import HTTPError

import pytest

from dagnosis.spool import Hint, Spool
from tests.airflow.real import RealAirflow, environment, free_ports, started

DAG = Path(__file__).parent / "policies" / "retried.py"
PYTHON = environment("DAGNOSIS_TEST_AIRFLOW")
pytestmark = [
    pytest.mark.skipif(
        PYTHON is None,
        reason="DAGNOSIS_TEST_AIRFLOW names no Python of an Airflow 3.3 with dagnosis in it",
    ),
    pytest.mark.xdist_group("airflow"),
]
_QUERY = """
SELECT task_id, try_number, state, start_date, end_date FROM task_instance WHERE dag_id = 'retried'
UNION ALL SELECT task_id, try_number, state, start_date, end_date FROM task_instance_history
WHERE dag_id = 'retried'
"""
Tries = dict[str, list[dict[str, str]]]


@pytest.fixture(scope="module")
def deciding() -> Iterator[RealAirflow]:
    """Not below pytest's own folder: each run of pytest closes that to the user of PostgreSQL."""
    assert PYTHON
    dags = {"retried.py": DAG.read_text("utf-8")}
    with (
        TemporaryDirectory(prefix="retries-", ignore_cleanup_errors=True) as folder,
        started(PYTHON, Path(folder), free_ports(22050), dags) as running,
    ):
        _patiently(lambda: running.trigger("retried", "r1", seconds=600))
        _patiently(lambda: running.wait("retried", "r1", seconds=900))
        yield running


def _patiently(call: Callable[[], str]) -> str:
    """An API server on a busy machine answers 500 now and then."""
    for _ in range(5):
        try:
            return call()
        except HTTPError as error:
            if error.code == 409:  # it was started, though the answer said otherwise
                return ""
            time.sleep(5)
    return call()


@pytest.fixture(scope="module")
def tries(deciding: RealAirflow) -> Tries:
    """The tries of each task, in order."""
    found: Tries = {}
    for row in deciding.deployment.metadata.query(_QUERY):
        found.setdefault(row["task_id"], []).append(row)
    for rows in found.values():
        rows.sort(key=lambda row: int(row["try_number"]))
    return found


@pytest.fixture(scope="module")
def hints(deciding: RealAirflow) -> list[Hint]:
    """What the task processes told."""
    batch = Spool(deciding.deployment.home / "dagnosis" / "spool").read(str)
    assert batch.damaged == 0
    return [hint for hint in batch.hints if hint.where == "task"]


def seconds(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


def log(deciding: RealAirflow, task_id: str) -> str:
    (path,) = deciding.logs.glob(f"dag_id=retried/*/task_id={task_id}/attempt=1.log")
    return path.read_text("utf-8")


def test_a_permanent_failure_ends_at_its_first_try(deciding: RealAirflow, tries: Tries) -> None:
    assert [row["state"] for row in tries["permanent"]] == ["failed"]
    assert "another try cannot succeed" in log(deciding, "permanent")


def test_a_transient_one_comes_back_when_it_was_told_to(tries: Tries) -> None:
    first, second = tries["limited"]
    assert second["state"] == "success"
    assert (
        4 <= seconds(first["end_date"], second["start_date"]) < 120
    )  # not the 5 minutes of the task


def test_what_is_open_keeps_the_tasks_own_retries(deciding: RealAirflow, tries: Tries) -> None:
    assert len(tries["left_alone"]) == 2
    assert "the task's own retries stand" in log(deciding, "left_alone")


def test_recording_changes_nothing_and_says_what_it_would_do(
    deciding: RealAirflow, tries: Tries
) -> None:
    assert len(tries["recorded"]) == 2
    assert "would fail: another try cannot succeed" in log(deciding, "recorded")


@pytest.mark.parametrize("how", ["hangs", "exits"])
def test_a_decision_that_is_not_made_changes_nothing(tries: Tries, how: str) -> None:
    assert [row["state"] for row in tries[f"undecided_{how}"]] == ["failed", "failed"]


@pytest.mark.parametrize("how", ["hangs", "exits", "no_place", "disk_full"])
def test_a_listener_that_cannot_do_its_work_changes_nothing(tries: Tries, how: str) -> None:
    control, broken = tries["unheard_control"], tries[f"unheard_{how}"]
    assert [row["state"] for row in broken] == [row["state"] for row in control]
    for plain, row in zip(control, broken, strict=True):
        longer = seconds(row["start_date"], row["end_date"]) - seconds(
            plain["start_date"], plain["end_date"]
        )
        assert longer < 10  # a hang of two minutes does not show; the machine's load may


def test_every_failed_try_has_one_hint(tries: Tries, hints: list[Hint]) -> None:
    told = [(hint.task_id, hint.try_number) for hint in hints]
    assert len(told) == len(set(told))
    silent = ("unheard_control", "unheard_hangs", "unheard_no_place", "unheard_disk_full")
    wanted = {
        (task_id, int(row["try_number"]))
        for task_id, rows in tries.items()
        for row in rows
        if row["state"] == "failed" and task_id not in (*silent, "undecided_hangs")
    }
    assert wanted <= set(told)
    assert not {task_id for task_id, _ in told} & set(silent)
