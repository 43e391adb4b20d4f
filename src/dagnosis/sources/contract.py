"""What a source of runs, and a source of logs, must do.

Times have a zone and are UTC. A source reads; it never changes anything. A failing service is
`ServiceUnreachable`, a wrong address, name or password `WrongUse`; both say which and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import msgspec

from dagnosis.logs.reading import LogText
from dagnosis.model import TaskRef

SETTLED = timedelta(seconds=5)
"""A row may be committed so long after the time that it states. So a poll asks from the `now()` of
the last one less this, and `events` leaves rows younger than this to the next call."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try of a task instance, as Airflow states it. What it does not state is empty or None.

    `state` is Airflow's own word (running, success, failed, up_for_retry, upstream_failed,
    skipped, removed, …), "" before it is scheduled; an earlier try that was retried has `failed`.
    `updated` is when the row last changed: what a poll goes by; REST does not state it. A try that
    never ran (upstream_failed) has number 0.
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
    """An asset was written, and what was said of it (`extra` as JSON text).

    `source` is the task instance that wrote it, with try 0: Airflow does not keep the try.
    """

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
        REST cannot sort by that: there, the oldest try or span first.

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
        """Rows of the event log with an id above `after`, not before `since`, by id.

        Those of the last `SETTLED` wait for the next call: one with a smaller id may still come.
        """

    def broken_dags(self) -> list[BrokenDag]:
        """DAG files that cannot be imported now."""

    def asset_events(self, since: datetime) -> Iterator[AssetEvent]:
        """Asset events at or after `since`, the oldest first; none where Airflow has no assets."""

    def versions(self, dag_id: str, limit: int = 20) -> list[DagVersion]:
        """The newest versions of a DAG, the newest first, with their source text; [] in Airflow 2."""

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
        """The log of a try, bounded as `logs.reading` bounds any log; None where there is none, or
        an empty one, as of a try that was killed before it could write."""

    def close(self) -> None:
        """Give back connections."""


def by_try(rows: Iterable[Attempt]) -> list[Attempt]:
    """Each try once, the first one first, of a task instance's rows: earlier tries, then the last one.

    A task instance that waits for a retry, or was cleared, still has the number of the try that is
    over, and that one is kept.
    """
    found: dict[int, Attempt] = {}
    for row in rows:
        number = row.task.try_number
        if number not in found or row.state not in ("", "up_for_retry"):
            found[number] = row
    return [found[number] for number in sorted(found)]


def is_id(text: str) -> bool:
    """Whether Airflow can have something of that id: printable, and not empty."""
    return bool(text) and text.isprintable()
