"""What goes into incidents, and what comes out: values, and the questions that a store answers.

An occurrence is one failed try (or one broken DAG file, one bad batch, one silent or late run) with
its diagnosis. Occurrences of one fingerprint are one incident, over tasks, tries, runs and DAGs.
Everything in here is redacted already; times have a zone and are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

from dagnosis.model import TaskRef, Transience

if TYPE_CHECKING:
    from dagnosis.incidents.store import Remembered

Kind: TypeAlias = Literal["failure", "import", "data", "silent", "late"]
State: TypeAlias = Literal["open", "acknowledged", "resolved", "muted"]
Novelty: TypeAlias = Literal["new", "known", "flaky", "regressed"]
FoundBy: TypeAlias = Literal["hook", "poll", "event", "file", "check"]
Transition: TypeAlias = Literal["new", "regressed", "escalated", "resolved"]


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that went wrong, once. The store keeps one for each `task` and `kind`.

    A broken DAG file has the file as `dag_id` and nothing else in `task`; a data finding has the
    dataset as `subject`. `final` is False where Airflow will retry. `blast` are the task ids of the
    same run that are upstream_failed because of it.
    """

    task: TaskRef
    kind: Kind = "failure"
    subject: str = ""
    occurred: datetime
    found_by: FoundBy
    fingerprint: str
    cause: str
    detail: str
    title: str
    confidence: float
    transience: Transience
    engine: str = "rules"
    message: str = ""
    quote: str = ""
    quote_line: int = 0
    fix: tuple[str, ...] = ()
    diagnosis_id: str = ""
    final: bool = True
    operator: str = ""
    hostname: str = ""
    duration: float | None = None
    dag_version: str = ""
    risk: float | None = None
    blast: tuple[str, ...] = ()
    lines_total: int = 0


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What recording did. `known` is True where that try was recorded before: nothing was counted.

    `transition` is set where somebody should be told: a new incident, one that came back after it
    was resolved, one that escalated (more DAGs, much faster, an outage).
    """

    incident_id: int
    known: bool
    transition: Transition | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One incident. `count` are the occurrences; `tasks`, `runs`, `dags` how many distinct ones they
    are of, `blast` how many task instances could not run because of them. `outage_id` is the incident
    that this one is a member of, `members` how many it has itself. `confidence` is the best answer's.
    """

    id: int
    kind: Kind
    fingerprint: str
    cause: str
    detail: str
    title: str
    confidence: float
    transience: Transience
    message: str
    quote: str
    fix: tuple[str, ...]
    state: State
    novelty: Novelty
    first_seen: datetime
    last_seen: datetime
    count: int
    tasks: int
    runs: int
    dags: int
    blast: int
    muted_until: datetime | None = None
    outage_id: int | None = None
    members: int = 0
    first_failed: TaskRef | None = None
    last_failed: TaskRef | None = None
    assignee: str = ""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of an incident's timeline: a transition, a change of state, a note, feedback."""

    when: datetime
    what: str
    text: str = ""
    who: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something that differs between the last green run and the first red one.

    `kind` is version, code, package, image, host, connection, variable, duration, data or schedule;
    `detail` may be a unified diff. `when` is None where only before and after are known.
    """

    kind: str
    text: str
    when: datetime | None = None
    before: str = ""
    after: str = ""
    detail: str = ""


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which incidents. Empty means all; `readable` are the DAGs that the asker may read (None: all).

    Only occurrences of readable DAGs count, and an incident without any is not there at all.
    """

    states: tuple[State, ...] = ()
    kinds: tuple[Kind, ...] = ()
    causes: tuple[str, ...] = ()
    dag_id: str = ""
    task_id: str = ""
    run_id: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    readable: frozenset[str] | None = None
    members: bool = False
    order: Literal["last_seen", "first_seen", "count", "dags"] = "last_seen"
    cursor: str = ""
    limit: int = 50


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some incidents, how many there are in all (capped at 10,000), and the cursor of the next page."""

    incidents: tuple[Incident, ...]
    total: int
    next_cursor: str = ""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """Occurrences within one step of time, by family of cause."""

    when: datetime
    cause: str
    count: int


class IncidentStore(Protocol):
    """Each method is one transaction; each is safe to repeat."""

    def record(
        self, occurrences: Iterable[Occurrence], diagnoses: Iterable[Remembered] = ()
    ) -> list[Recorded]:
        """Count what was not counted before, all or nothing; one answer for each, in order. Of the
        `diagnoses` those are kept whose try is kept whole: the first and the newest of an incident."""

    def incident(self, incident_id: int, readable: frozenset[str] | None = None) -> Incident | None:
        """One incident; None where there is none, or none that may be read."""

    def find(self, query: Query) -> Page:
        """Incidents by what is asked."""

    def of_task(
        self, task: TaskRef, kind: Kind = "failure", readable: frozenset[str] | None = None
    ) -> Incident | None:
        """The incident that a try belongs to."""

    def occurrence(self, task: TaskRef, kind: Kind = "failure") -> Occurrence | None:
        """What is kept of one try."""

    def counted(self, tasks: Iterable[TaskRef], kind: Kind = "failure") -> frozenset[TaskRef]:
        """Those of the tries that were recorded, in one question."""

    def occurrences(
        self, incident_id: int, *, limit: int = 50, before: datetime | None = None,
        readable: frozenset[str] | None = None,
    ) -> list[Occurrence]:  # fmt: skip
        """The newest occurrences of an incident, the newest first. Their texts are the incident's
        own where they were not kept one by one."""

    def of_run(self, dag_id: str, run_id: str) -> list[Occurrence]:
        """What failed in a run, the first one first."""

    def timeline(self, incident_id: int, readable: frozenset[str] | None = None) -> list[Entry]:
        """What happened to an incident, the oldest first.

        Notes and transitions tell of the whole incident: only who may read all its DAGs sees them.
        """

    def set_state(
        self, incident_ids: Sequence[int], state: State, *, who: str, until: datetime | None = None
    ) -> int:
        """Acknowledge, resolve, reopen, or mute until a time; how many changed."""

    def note(self, incident_id: int, text: str, *, who: str) -> None:
        """Add a note."""

    def assign(self, incident_ids: Sequence[int], assignee: str, *, who: str) -> int:
        """Give incidents to somebody, or to nobody (""); how many changed hands."""

    def recovered(self, task: TaskRef) -> int:
        """A try succeeded: failed tries before it were flaky. How many became so; cheap where none
        failed."""

    def green(
        self, dag_id: str, task_id: str, when: datetime, kind: Kind | None = None
    ) -> list[int]:
        """A task succeeded at `when` (or a file could be imported: the file as DAG, no task): the
        incidents that are resolved by it, all their tasks being well again. Each success once, in
        order; cheap where the task is in no open incident."""

    def expire(self, older: timedelta) -> list[int]:
        """Resolve the open and acknowledged incidents of which nothing was heard for so long."""

    def block(self, task: TaskRef, blast: Sequence[str], kind: Kind = "failure") -> None:
        """State anew which tasks of its run could not run because of a recorded try."""

    def keep_changes(self, incident_id: int, changes: Sequence[Change], dag_id: str = "") -> None:
        """Keep what changed before the incident began, in place of what was kept; `dag_id` is the DAG
        that was looked at (empty: the one in which it began)."""

    def changes(self, incident_id: int, readable: frozenset[str] | None = None) -> list[Change]:
        """What changed since the last green run; nothing where that DAG may not be read."""

    def counts(
        self, since: datetime, until: datetime, step_seconds: int,
        readable: frozenset[str] | None = None,
    ) -> list[Count]:  # fmt: skip
        """Occurrences over time by family."""

    def cursor(self, source: str) -> str:
        """Where a watch of that source stands (JSON text); empty at first."""

    def move(self, source: str, cursor: str) -> None:
        """Keep where a watch stands."""
