"""The store of incidents: the `IncidentStore` of the contract, in the database of the store.

What it does is told by the modules that it calls: `recording` counts, `standing` judges, `outages`
groups, `finding` answers, `handling` keeps what people do, `recovering` what becomes well again,
`retention` what is left of old days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta, timezone

import sqlalchemy as sa

from dagnosis.errors import WrongUse
from dagnosis.incidents import finding, handling, recording, recovering, retention
from dagnosis.incidents.contract import (
    Change,
    Count,
    Entry,
    Incident,
    Kind,
    Occurrence,
    Page,
    Query,
    Recorded,
    State,
)
from dagnosis.incidents.database import PATIENCE, Database, ready, upsert
from dagnosis.incidents.place import Place
from dagnosis.incidents.retention import Pruned
from dagnosis.incidents.store import Remembered
from dagnosis.incidents.tables import place
from dagnosis.model import TaskRef

Readable = frozenset[str] | None


def _now() -> datetime:
    return datetime.now(timezone.utc)


class Incidents(Database):
    """Incidents in an open database. `now` is the clock that mutes, notes and states go by."""

    def __init__(
        self, where: Place, patience: int = PATIENCE, now: Callable[[], datetime] = _now
    ) -> None:
        super().__init__(where, patience)
        self.now = now

    # ------------------------------------------------------------ recording

    def record(
        self, occurrences: Iterable[Occurrence], diagnoses: Iterable[Remembered] = (), *,
        quiet: bool = False,
    ) -> list[Recorded]:  # fmt: skip
        """See `IncidentStore.record`. Batches of some hundred are counted fastest. What is recorded
        `quiet`, such as failures of last month, is told to nobody.

        Of the `diagnoses` those are kept, in the same transaction, whose try is kept whole (found by
        its `diagnosis_id`); they go when it is not any more, unless a user gave feedback.
        """
        batch = list(occurrences)
        if not batch:
            return []
        with self._writing() as connection, recording.telling(connection, quiet):
            recorded = recording.record(connection, batch, retention.horizon(connection))
            recording.keep_diagnoses(connection, batch, diagnoses)
            return recorded

    def recovered(self, task: TaskRef) -> int:
        """A try succeeded: the failed tries before it were flaky. How many became so now; cheap
        where none failed."""
        with self._reading() as connection:
            if not recovering.failed_before(connection, task):
                return 0
        with self._writing() as connection:
            return recovering.recover(connection, task)

    def green(
        self, dag_id: str, task_id: str, when: datetime, kind: Kind | None = None, *,
        quiet: bool = False,
    ) -> list[int]:  # fmt: skip
        """A task succeeded at `when` (or a file could be imported, with the file as DAG and no task):
        the incidents that are resolved by it, since all their tasks are well again. Each success is
        to be given once, in order; cheap where the task is in no open incident. Incidents of its data
        are resolved only with the kind `data`, by a batch that was checked. `quiet` as in `record`."""
        task = (dag_id, task_id)
        with self._reading() as connection:
            if not recovering.red(connection, task, when, kind):
                return []
        with self._writing() as connection, recording.telling(connection, quiet):
            return recovering.green(connection, task, when, kind, self.now())

    def block(self, task: TaskRef, blast: Sequence[str], kind: Kind = "failure") -> None:
        """State anew the tasks of its run that could not run because of a recorded try: they are
        known only after it failed."""
        with self._writing() as connection:
            recovering.block(connection, task, blast, kind)

    def expire(self, older: timedelta) -> list[int]:
        """Resolve the open and acknowledged incidents of which nothing was heard for so long: the task was
        removed, or runs no more. Those are returned; one that fails again is a regression. Raises
        `WrongUse` for less than a day."""
        if older < timedelta(days=1):
            raise WrongUse("expire: an incident is given a day or more to be heard of again")
        now = self.now()
        with self._writing() as connection, recording.telling(connection, quiet=False):
            return recovering.expire(connection, now - older, now)

    # ------------------------------------------------------------ finding

    def incident(self, incident_id: int, readable: Readable = None) -> Incident | None:
        """See `IncidentStore.incident`."""
        with self._reading() as connection:
            found = finding.load(connection, [incident_id], readable, self.now())
        return found[0] if found else None

    def find(self, query: Query) -> Page:
        """See `IncidentStore.find`."""
        with self._reading() as connection:
            return finding.find(connection, query, self.now())

    def of_task(
        self, task: TaskRef, kind: Kind = "failure", readable: Readable = None
    ) -> Incident | None:
        """See `IncidentStore.of_task`."""
        with self._reading() as connection:
            return finding.of_task(connection, task, kind, readable, self.now())

    def occurrence(self, task: TaskRef, kind: Kind = "failure") -> Occurrence | None:
        """See `IncidentStore.occurrence`."""
        with self._reading() as connection:
            return finding.occurrence_of(connection, task, kind)

    def counted(self, tasks: Iterable[TaskRef], kind: Kind = "failure") -> frozenset[TaskRef]:
        """See `IncidentStore.counted`."""
        with self._reading() as connection:
            return recording.counted(connection, tasks, kind)

    def occurrences(
        self, incident_id: int, *, limit: int = 50, before: datetime | None = None,
        readable: Readable = None,
    ) -> list[Occurrence]:  # fmt: skip
        """See `IncidentStore.occurrences`."""
        with self._reading() as connection:
            return finding.occurrences(connection, incident_id, limit, before, readable)

    def of_run(self, dag_id: str, run_id: str) -> list[Occurrence]:
        """See `IncidentStore.of_run`."""
        with self._reading() as connection:
            return finding.of_run(connection, dag_id, run_id)

    def counts(
        self, since: datetime, until: datetime, step_seconds: int, readable: Readable = None
    ) -> list[Count]:
        """See `IncidentStore.counts`."""
        with self._reading() as connection:
            return retention.counts(connection, since, until, step_seconds, readable)

    # ------------------------------------------------------------ handling

    def timeline(self, incident_id: int, readable: Readable = None) -> list[Entry]:
        """See `IncidentStore.timeline`."""
        with self._reading() as connection:
            return handling.timeline(connection, incident_id, readable)

    def set_state(
        self, incident_ids: Sequence[int], state: State, *, who: str, until: datetime | None = None
    ) -> int:
        """See `IncidentStore.set_state`. Raises `WrongUse` for a time that is over."""
        with self._writing() as connection:
            return handling.set_state(connection, incident_ids, state, who, until, self.now())

    def assign(self, incident_ids: Sequence[int], assignee: str, *, who: str) -> int:
        """Give incidents to somebody, or to nobody (""); how many changed hands."""
        with self._writing() as connection:
            return handling.assign(connection, incident_ids, assignee, who, self.now())

    def note(self, incident_id: int, text: str, *, who: str) -> None:
        """See `IncidentStore.note`. Raises `WrongUse` for an incident that is not there."""
        with self._writing() as connection:
            handling.must_exist(connection, incident_id)
            handling.write(connection, incident_id, self.now(), "note", text, who)

    def keep_changes(self, incident_id: int, changes: Sequence[Change], dag_id: str = "") -> None:
        """See `IncidentStore.keep_changes`; `dag_id` is the DAG that was looked at."""
        with self._writing() as connection:
            handling.must_exist(connection, incident_id)
            handling.keep_changes(connection, incident_id, changes, dag_id)

    def changes(self, incident_id: int, readable: Readable = None) -> list[Change]:
        """See `IncidentStore.changes`."""
        with self._reading() as connection:
            return handling.changes(connection, incident_id, readable)

    # ------------------------------------------------------------ housekeeping

    def cursor(self, source: str) -> str:
        """See `IncidentStore.cursor`."""
        with self._reading() as connection:
            query = sa.select(place.c.cursor).where(place.c.source == source)
            return connection.execute(query).scalar() or ""

    def move(self, source: str, cursor: str) -> None:
        """See `IncidentStore.move`."""
        with self._writing() as connection:
            upsert(connection, place, {"source": source, "cursor": cursor}, ("source",))

    def prune(self, older: timedelta) -> Pruned:
        """Turn occurrences older than that into counts by day, DAG and family, and delete resolved
        incidents that have none left. Raises `WrongUse` for less than a day.

        A try from before what was pruned is not counted again.
        """
        before = retention.cutoff(self.now(), older)
        occurrences = 0
        while True:
            with self._writing() as connection:
                rolled = retention.roll(connection, before)
            if not rolled:
                break
            occurrences += rolled
        with self._writing() as connection:
            return Pruned(occurrences, retention.sweep(connection, before), before)


def open_incidents(setting: str) -> Incidents:
    """Open the incidents in the store that the setting `store` names; a SQLite file is created where
    it is missing."""
    return Incidents(ready(setting))
