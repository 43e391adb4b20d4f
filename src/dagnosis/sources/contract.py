"""What a source of runs, and a source of logs, must do.

Times have a zone and are UTC. A source reads; it never changes anything. A failing service is
`ServiceUnreachable`, a wrong address, name or password `WrongUse`; both say which and what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec

from dagnosis.logs.reading import LogText
from dagnosis.model import TaskRef


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try of a task instance, as Airflow states it. What it does not state is empty or None.

    `state` is Airflow's own word (running, success, failed, up_for_retry, upstream_failed,
    skipped, removed, …); an earlier try that was retried has `failed`. `updated` is when the row
    last changed: what a poll goes by.
    """

    task: TaskRef
    state: str
    operator: str = ""
    hostname: str = ""
    pool: str = ""
    queue: str = ""
    executor: str = ""
    owner: str = ""
    priority: int | None = None
    max_tries: int | None = None
    scheduled: datetime | None = None
    queued: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    heartbeat: datetime | None = None
    updated: datetime | None = None
    dag_version: str = ""
    bundle_version: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One DAG run. `run_type` is Airflow's word (scheduled, manual, backfill, asset_triggered)."""

    dag_id: str
    run_id: str
    state: str
    run_type: str = ""
    triggered_by: str = ""
    logical_date: datetime | None = None
    run_after: datetime | None = None
    queued: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    updated: datetime | None = None
    dag_version: str = ""
    bundle_version: str = ""
    clear_number: int | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One row of Airflow's event log: the only place that explains failures of the scheduler's side.

    `id` grows with time. `event` is Airflow's word (failed, heartbeat timeout, state mismatch,
    patch_task_instance, connection edits, …); `extra` is its text, not redacted.
    """

    id: int
    when: datetime
    event: str
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1
    try_number: int | None = None
    owner: str = ""
    extra: str = ""


class BrokenDag(msgspec.Struct, frozen=True, kw_only=True):
    """A DAG file that cannot be imported now."""

    file: str
    stack_trace: str
    when: datetime
    bundle: str = ""


class AssetEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An asset was written: by which try, and what was said of it (`extra` as JSON text)."""

    id: int
    uri: str
    when: datetime
    extra: str = "{}"
    source: TaskRef | None = None


class DagVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a DAG's code: number, when it was made, its bundle's version, its source text."""

    dag_id: str
    version: str
    created: datetime | None = None
    bundle_version: str = ""
    source: str = ""


@runtime_checkable
class RunHistory(Protocol):
    """A source of runs. All iterators are lazy, paged, and in the order of the time they go by."""

    @property
    def name(self) -> str:
        """For messages and cursors, without secrets; the same over restarts."""

    def now(self) -> datetime:
        """The time as the source's own clock has it: cursors go by it, so that skew does not matter."""

    def attempts(self, since: datetime, until: datetime | None = None) -> Iterator[Attempt]:
        """Tries whose row changed at or after `since` (and before `until`), the oldest change first.

        The last try of each task instance; a retried one may have been overwritten since the last
        poll, so `tries` of it tells the earlier ones.
        """

    def tries(self, task: TaskRef) -> list[Attempt]:
        """Every try of the task instance (whatever `task.try_number`), the first one first."""

    def of_run(self, dag_id: str, run_id: str) -> list[Attempt]:
        """The last try of every task instance of a run; [] for a run that is not known."""

    def runs(self, since: datetime, until: datetime | None = None) -> Iterator[Run]:
        """Runs that changed at or after `since`, the oldest change first."""

    def of_dag(self, dag_id: str, limit: int = 50) -> list[Run]:
        """The newest runs of a DAG, the newest first."""

    def events(self, after: int = 0, since: datetime | None = None) -> Iterator[Event]:
        """Rows of the event log with an id above `after`, not before `since`, by id."""

    def broken_dags(self) -> list[BrokenDag]:
        """DAG files that cannot be imported now."""

    def asset_events(self, since: datetime) -> Iterator[AssetEvent]:
        """Asset events at or after `since`, the oldest first; none where Airflow has no assets."""

    def versions(self, dag_id: str) -> list[DagVersion]:
        """Versions of a DAG, the newest first, source text where Airflow keeps it; [] in Airflow 2."""

    def running(self) -> list[Attempt]:
        """Tries that run, or wait to run, now."""

    def close(self) -> None:
        """Give back connections."""


@runtime_checkable
class LogSource(Protocol):
    """A source of the logs of tries."""

    @property
    def name(self) -> str:
        """For messages, without secrets."""

    def read(self, task: TaskRef) -> LogText | None:
        """The log of a try, bounded as `logs.reading` bounds any log; None where there is none."""

    def close(self) -> None:
        """Give back connections."""
