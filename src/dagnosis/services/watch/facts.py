"""What Airflow states of a try outside of its log, as lines in Airflow's own words.

A process that is killed, a lost heartbeat, a run that took too long: the log does not say it, or says
only that somebody else ended the task. The event log and the states of the run do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from dagnosis.logs.reading import LogText, read_text
from dagnosis.sources.contract import Attempt, Event, Run

EXPLAINS = frozenset(
    {
        "heartbeat timeout",
        "state mismatch",
        "stuck in queued reschedule",
        "stuck in queued tries exceeded",
        "patch_task_instance",
        "ti.set_state",
        "failed",
    }
)
"""Events that can say why a try failed. Airflow's own words."""
STATED = 4000
"""Characters kept of what an event states."""
AFTER = timedelta(minutes=5)
"""An event that names no try is one of the try that ended at most so long before it."""


def facts(attempt: Attempt, events: Sequence[Event], run: Run | None) -> LogText | None:
    """The facts about a failed try as a small log; None where Airflow states none.

    `run` is the try's run where it is known: a run that failed while the try was set to skipped has
    timed out.
    """
    lines = list(_events(attempt, events))
    if run is not None and run.state == "failed" and attempt.state == "skipped":
        lines.append(f"Run {run.run_id} of {run.dag_id} has timed-out")
    if not lines:
        return None
    return read_text("\n".join(lines), f"event log of {attempt.task.dag_id}.{attempt.task.task_id}")


def _events(attempt: Attempt, events: Iterable[Event]) -> Iterable[str]:
    for event in events:
        if event.event not in EXPLAINS or not belongs(event, attempt):
            continue
        said = " ".join(event.extra[:STATED].split())
        if event.event in ("patch_task_instance", "ti.set_state"):
            if "failed" in said:
                yield f"TaskInstance's state was manually set to `failed` by {event.owner or 'a user'}."
        elif event.event != "failed" or said:
            yield f"{event.event}: {said}"


def belongs(event: Event, attempt: Attempt) -> bool:
    """Is the event about this try? Where it names no number of a try, its time decides.

    A mapped index that Airflow did not state is -1, and so is that of an event of a whole task.
    """
    task = attempt.task
    if (event.dag_id, event.run_id, event.task_id) != (task.dag_id, task.run_id, task.task_id):
        return False
    if event.map_index not in (-1, task.map_index):
        return False
    if event.try_number:
        return event.try_number == task.try_number
    begun = attempt.started or attempt.queued
    ended = attempt.ended or attempt.updated
    return (begun is None or event.when >= begun) and (ended is None or event.when <= ended + AFTER)
