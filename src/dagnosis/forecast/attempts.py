"""What a source of runs states, as rows of the run table and as facts.

Sources live in another room, so their values are known here by shape alone (`Tried`, `Logged`,
`Versioned`); `services.history` joins both. What the states mean is said in `airflow_history`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from dagnosis.forecast.facts import Fact
from dagnosis.forecast.history import AIRFLOW_STATES
from dagnosis.model import TaskRef

_TOUCHES = ("post_", "patch_", "delete_", "clear", "trigger", "bulk_", "create_backfill", "cli_")
"""How the event log calls what people do: the names of the API's functions and commands."""


class Tried(Protocol):
    """One try of a task instance; times have a zone, None where they are not stated."""

    @property
    def task(self) -> TaskRef:
        """Which try."""

    @property
    def state(self) -> str:
        """Airflow's word."""

    @property
    def operator(self) -> str:
        """The operator's name."""

    @property
    def pool(self) -> str:
        """The pool."""

    @property
    def queue(self) -> str:
        """The queue."""

    @property
    def owner(self) -> str:
        """The owner."""

    @property
    def priority(self) -> int | None:
        """Priority weight."""

    @property
    def scheduled(self) -> datetime | None:
        """When it was scheduled."""

    @property
    def queued(self) -> datetime | None:
        """When it was queued."""

    @property
    def started(self) -> datetime | None:
        """When it started."""

    @property
    def ended(self) -> datetime | None:
        """When it ended."""

    @property
    def updated(self) -> datetime | None:
        """When the row last changed."""

    @property
    def dag_version(self) -> str:
        """Version of the DAG."""


class Logged(Protocol):
    """A row of the event log."""

    @property
    def when(self) -> datetime:
        """When it was written."""

    @property
    def event(self) -> str:
        """What happened."""

    @property
    def dag_id(self) -> str:
        """The DAG; empty for none."""


class Versioned(Protocol):
    """A version of a DAG's code."""

    @property
    def dag_id(self) -> str:
        """The DAG."""

    @property
    def created(self) -> datetime | None:
        """When it was made."""


def row(tried: Tried) -> dict[str, Any]:
    """The row of the run table; `submit_time` is None for a try that was never asked for."""
    task = tried.task
    state = AIRFLOW_STATES.get((tried.state or "none").lower(), "unknown")
    ended = tried.ended
    if ended is None and state not in ("unfinished", "unknown"):
        ended = tried.updated
    times = (tried.queued, tried.scheduled, tried.started, ended)
    return {
        "run_uid": uid(task),
        "dag_id": task.dag_id,
        "task_id": task.task_id,
        "run_id": task.run_id,
        "submit_time": next((time for time in times if time is not None), None),
        "start_time": tried.started,
        "end_time": ended if state != "unfinished" else None,
        "state": state,
        "queue": tried.pool or tried.queue or None,
        "operator": tried.operator or None,
        "owner": tried.owner or None,
        "version": tried.dag_version or None,
        "priority": tried.priority,
    }


def uid(task: TaskRef) -> str:
    """The run_uid of a try."""
    return f"{task.dag_id}/{task.run_id}/{task.task_id}/{task.map_index}/{task.try_number}"


def touch(event: Logged) -> Fact | None:
    """The fact that somebody had a hand in a DAG; None for what Airflow does by itself."""
    if not event.dag_id or not is_touch(event.event):
        return None
    return Fact("touch", event.dag_id, "", event.when.timestamp())


def is_touch(event: str) -> bool:
    """Is it what people do (clear, trigger, mark, edit)? Airflow's own events are running, failed…"""
    return event.startswith(_TOUCHES)


def change(version: Versioned) -> Fact | None:
    """The fact that a DAG's code changed; None where it is not known when."""
    if version.created is None:
        return None
    return Fact("change", version.dag_id, "", version.created.timestamp())
