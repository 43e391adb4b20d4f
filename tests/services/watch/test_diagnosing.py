from datetime import timedelta

import pytest

from dagnosis.logs.reading import read_text
from dagnosis.model import TaskRef
from dagnosis.services.watch.diagnosing import Known, diagnosed
from dagnosis.services.watch.facts import belongs, facts
from dagnosis.sources.contract import Attempt, Event, Run
from dagnosis.spool import Hint
from tests.services.watch.table import START

TASK = TaskRef("daily", "r1", "load", -1, 1)
FAILED = Attempt(task=TASK, state="failed", started=START, ended=START + timedelta(seconds=30))
TOLD_TO_STOP = (
    '{"timestamp":"2026-11-26T03:00:20Z","level":"error","logger":"task","event":'
    '"Server indicated the task shouldn\'t be running anymore. Terminating process",'
    '"detail":{"detail":{"reason":"not_running","current_state":"failed"}}}\n'
    '{"timestamp":"2026-11-26T03:00:21Z","level":"error","logger":"task","event":"Task killed!"}'
)
HEARTBEAT = "Task did not emit heartbeat within time limit (30 seconds) and will be terminated. See https://x"
MISMATCH = (
    "Executor LocalExecutor(parallelism=4) reported that the task instance <TaskInstance: daily.load "
    "r1 [queued]> finished with state failed, but the task instance's state attribute is queued."
)
RAISED = '{"level":"error","logger":"task","event":"Task failed with exception","error_detail":[{"exc_type":"FileNotFoundError","exc_value":"[Errno 2] No such file or directory: \'/in.csv\'","frames":[]}]}'


def event(kind: str, extra: str, **changes: object) -> Event:
    fields = {"id": 1, "when": START + timedelta(seconds=20), "event": kind, "dag_id": "daily",
              "run_id": "r1", "task_id": "load", "try_number": 1, "extra": extra}  # fmt: skip
    return Event(**(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("log", "events", "detail", "in_log"),
    [
        (RAISED, [], "resource_not_found.file_not_found", True),
        (
            RAISED,
            [event("heartbeat timeout", HEARTBEAT)],
            "resource_not_found.file_not_found",
            True,
        ),
        (TOLD_TO_STOP, [event("heartbeat timeout", HEARTBEAT)], "worker_lost.zombie", False),
        (None, [event("state mismatch", MISMATCH)], "worker_lost.executor_mismatch", False),
        ("", [], "worker_lost.no_log", False),
        (
            TOLD_TO_STOP,
            [event("patch_task_instance", '{"new_state": "failed"}', owner="eva")],
            "cancelled_or_upstream.state_set_externally",
            False,
        ),
    ],
)
def test_what_airflow_states_explains_what_the_log_cannot(
    log: str | None, events: list[Event], detail: str, in_log: bool
) -> None:
    text = None if log is None else read_text(log)
    answer = diagnosed(Known(attempt=FAILED, log=text, facts=facts(FAILED, events, None)))
    assert answer.examined.answer.detail == detail
    assert answer.in_log is in_log


def test_a_run_that_timed_out_skips_its_tasks() -> None:
    skipped = Attempt(task=TASK, state="skipped", started=START, ended=START)
    run = Run(dag_id="daily", run_id="r1", state="failed")
    answer = diagnosed(Known(attempt=skipped, facts=facts(skipped, [], run)))
    assert answer.examined.answer.detail == "timeout.dagrun_timeout"


def test_the_live_exception_counts_where_the_log_is_missing() -> None:
    link = {"exc_type": "PermissionError", "exc_value": "[Errno 13] Permission denied: '/srv/out'",
            "frames": [], "exceptions": [], "exc_notes": [], "is_cause": False}  # fmt: skip
    answer = diagnosed(Known(attempt=FAILED, hint=Hint("task_failed", chain=(link,))))
    assert answer.examined.answer.cause == "permission"
    assert not answer.in_log


def test_a_failure_that_nothing_explains_is_not_explained() -> None:
    log = read_text(
        '{"level":"info","event":"working"}\n{"level":"info","event":"Done. Returned value was: None"}'
    )
    answer = diagnosed(Known(attempt=FAILED, log=log))
    assert answer.examined.answer.cause in ("unknown", "worker_lost")


@pytest.mark.parametrize(
    ("changes", "is_its"),
    [
        ({}, True),
        ({"task_id": "other"}, False),
        ({"try_number": 2}, False),
        ({"try_number": None}, True),
        ({"try_number": None, "when": START - timedelta(hours=1)}, False),
        ({"try_number": None, "when": START + timedelta(hours=1)}, False),
        ({"map_index": 3}, False),
    ],
)
def test_an_event_belongs_to_one_try(changes: dict[str, object], is_its: bool) -> None:
    assert belongs(event("failed", "", **changes), FAILED) is is_its


def test_without_facts_there_is_no_text() -> None:
    assert facts(FAILED, [event("failed", ""), event("running", "x")], None) is None
