"""One round of a watch: read the feeds, diagnose what failed, record it, and only then move on.

Nothing is acknowledged before it is recorded, and recording knows what was recorded before. So a
watch that is killed anywhere loses nothing and counts nothing twice: it reads again.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.incidents.contract import IncidentStore, Occurrence, Query, Recorded, State
from dagnosis.incidents.recording import KEPT
from dagnosis.logs.reading import LogText
from dagnosis.logs.redaction import redact
from dagnosis.model import TaskRef
from dagnosis.services.record import broken_dag, occurrence
from dagnosis.services.remember import remembered
from dagnosis.services.watch.cursor import Cursor, load
from dagnosis.services.watch.diagnosing import Diagnosed, Known, diagnosed
from dagnosis.services.watch.facts import facts
from dagnosis.services.watch.merging import (
    Feeds,
    Found,
    failed_rows,
    merged,
    task_instance,
    to_look_up,
)
from dagnosis.services.watch.overdue import SILENT, late, silent, usual
from dagnosis.sources.contract import Attempt, Event, LogSource, Run, RunHistory

if TYPE_CHECKING:
    from dagnosis.incidents.store import Remembered
    from dagnosis.spool import Batch, Hint, Spool

CHUNK = 200
"""Changed rows that are worked on at once: memory stays flat however long the watch was away."""
READERS = 4
"""Logs that are fetched at the same time."""
PATIENCE = 3
"""Rounds that a log which cannot be read is asked for; then the try is recorded without it."""
REMEMBERED = 20_000
"""Tries that are known to be recorded without asking the store."""
LOOKED_AT = 200
"""DAGs, and logs of tries, that one look at what runs asks for."""
UNSOLVED: tuple[State, ...] = ("open", "acknowledged", "muted")
TOLD_OF = timedelta(hours=1)
"""Events are kept so long for tries that are found later."""

_log = logging.getLogger(__name__)


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A diagnosis in numbers: who answered, what, how sure, in how many seconds."""

    engine: str
    cause: str
    confidence: float
    seconds: float


class Round(msgspec.Struct, kw_only=True):
    """What a round did. `changed` counts rows, events and hints that were new; `lag` is how long ago,
    in seconds, the oldest failure that it recorded had happened (0 without one); `failed` are the tries
    of the failures that were not known before."""

    changed: int = 0
    running: int = 0
    damaged_hints: int = 0
    dropped_hints: int = 0
    lag: float = 0.0
    seconds: float = 0.0
    answered: list[Answered] = msgspec.field(default_factory=list)
    recorded: list[tuple[Occurrence, Recorded]] = msgspec.field(default_factory=list)
    succeeded: list[Attempt] = msgspec.field(default_factory=list)
    failed: list[Attempt] = msgspec.field(default_factory=list)
    resolved: list[int] = msgspec.field(default_factory=list)

    @property
    def new(self) -> list[tuple[Occurrence, Recorded]]:
        """What was not counted before."""
        return [(one, done) for one, done in self.recorded if not done.known]


class Watch:
    """Follows one Airflow into one store. Not for use by two threads at once; two watches of the same
    Airflow are safe, and twice the work."""

    def __init__(
        self,
        history: RunHistory,
        logs: LogSource,
        store: IncidentStore,
        *,
        spool: Spool | None = None,
        ago: timedelta = timedelta(hours=24),
        diagnose: Callable[[Known], Diagnosed] = diagnosed,
    ) -> None:
        """`ago` is how far back the first round looks."""
        self._history = history
        self._logs = logs
        self._store = store
        self._spool = spool
        self._ago = ago
        self._diagnose = diagnose
        self._seen: OrderedDict[TaskRef, None] = OrderedDict()
        self._unreadable: dict[TaskRef, int] = {}
        self._events: list[Event] = []
        self._hints: dict[TaskRef, Hint] = {}
        self._rows: OrderedDict[TaskRef, tuple[datetime | None, str]] = OrderedDict()
        self._broken: frozenset[tuple[str, str]] | None = None
        self._quiet = False

    def round(self) -> Round:
        """Read, diagnose, record, move on. Raises `ServiceUnreachable` where a source or the store does
        not answer: what was done until then stands, and the next round does the rest."""
        done, begun = Round(), time.monotonic()
        now = self._history.now()
        cursor = load(self._store.cursor(self._history.name), now - self._ago)
        batch = self._hinted()
        self._take(batch.hints if batch else (), now)
        event, polled = cursor.event, cursor.polled
        for attempts in self._chunks(cursor):
            events = self._new_events(event, cursor.since, now)
            event = max((one.id for one in events), default=event)
            hints = tuple(self._hints.values())
            self._work(Feeds(attempts=attempts, events=events, hints=hints), done)
            polled = max((row.updated for row in attempts if row.updated), default=polled)
            self._move(Cursor(polled=max(polled, cursor.polled), event=event))
        self._import_errors(done)
        self._move(Cursor(polled=max(polled, now), event=event))
        if batch and self._spool:
            done.damaged_hints, done.dropped_hints = batch.damaged, batch.dropped
            self._spool.acknowledge(batch)
        done.seconds = time.monotonic() - begun
        return done

    def _take(self, hints: Iterable[Hint], now: datetime) -> None:
        """Keep hints until the try that they are of is recorded: its state may come after them."""
        for hint in hints:
            if hint.kind == "task_failed":
                self._hints[TaskRef(*hint.key)] = hint
        for task, hint in list(self._hints.items()):
            if task in self._seen or hint.time < (now - TOLD_OF).timestamp():
                del self._hints[task]

    def _chunks(self, cursor: Cursor) -> Iterator[tuple[Attempt, ...]]:
        """Rows that changed since they were last worked on; one empty chunk where there are hints only,
        none where nothing happened."""
        chunk: list[Attempt] = []
        for row in self._history.attempts(cursor.since):
            if self._rows.get(row.task) == (row.updated, row.state):
                continue  # of the overlap
            chunk.append(row)
            if len(chunk) >= CHUNK:
                yield tuple(chunk)
                self._worked_on(chunk)
                chunk = []
        if chunk or self._hints:
            yield tuple(chunk)
            self._worked_on(chunk)

    def _worked_on(self, rows: Iterable[Attempt]) -> None:
        for row in rows:
            self._rows[row.task] = (row.updated, row.state)
            self._rows.move_to_end(row.task)
        while len(self._rows) > REMEMBERED:
            self._rows.popitem(last=False)

    def _new_events(self, after: int, since: datetime, now: datetime) -> tuple[Event, ...]:
        """Read when something happened only: nothing fails without a row that changes."""
        events = tuple(self._history.events(after, None if after else since))
        kept = {one.id: one for one in self._events if one.when > now - TOLD_OF}
        kept.update((one.id, one) for one in events)
        self._events = list(kept.values())
        return events

    def _move(self, cursor: Cursor) -> None:
        self._store.move(self._history.name, cursor.text())

    def waiting(self) -> bool:
        """Does a hint wait for a round?"""
        return self._spool is not None and self._spool.waiting()

    def _hinted(self) -> Batch | None:
        if self._spool is None:
            return None
        try:
            return self._spool.read(redact)
        except PermissionError:
            raise WrongUse(
                f"{self._spool.folder}: hints cannot be read; run as a user who may read and delete "
                "there, or set spool (DAGNOSIS_SPOOL) to another folder"
            ) from None

    def look_at(self, task: TaskRef) -> Round:
        """Record the failed tries of one task instance now, whatever `task.try_number`."""
        done = Round()
        rows = self._history.tries(task)
        found = self._unrecorded(merged(rows, Feeds()))
        if found:
            begun = min((row.started for row in rows if row.started), default=None)
            self._new_events(0, begun or self._history.now() - TOLD_OF, self._history.now())
            self._record(found, done, {})
        return done

    def look_at_running(self, done: Round) -> None:
        """Add what is late or silent to what a round did; asks for a bounded number of runs and logs,
        and for nothing where nothing ran the last time and no row has changed since."""
        if self._quiet:
            return
        now = self._history.now()
        rows = self._history.running()
        self._quiet = not rows
        runs = dict.fromkeys((row.task.dag_id, row.task.run_id) for row in rows)
        told: list[Occurrence] = []
        expected: dict[str, timedelta | None] = {}
        for dag_id in list(dict.fromkeys(dag_id for dag_id, _ in runs))[:LOOKED_AT]:
            past = self._history.of_dag(dag_id)
            expected[dag_id] = usual(past)
            told += filter(None, (late(run, past, now) for run in past if run.state == "running"))
        old = [row for row in rows if row.started and now - row.started > SILENT]
        for row in old[:LOOKED_AT]:
            log = self._log_of(row.task)
            told += filter(None, (silent(row, log, now, expected.get(row.task.dag_id)),))
        if told:
            done.recorded += zip(told, self._store.record(told), strict=True)

    # -- one chunk of rows

    def _work(self, feeds: Feeds, done: Round) -> None:
        self._quiet = self._quiet and not feeds.attempts
        known = {row.task: None for row in failed_rows(feeds.attempts)}
        known.update(self._seen)
        rows = list(failed_rows(feeds.attempts))
        for task in to_look_up(feeds, known):
            rows.extend(self._history.tries(task))
        timed_out = self._timed_out(feeds.attempts)
        found = merged(rows, feeds)
        found += [Found(attempt=row, found_by="poll") for row in timed_out]
        found = self._unrecorded(found)
        if found:
            self._record(found, done, timed_out)
        self._recover(feeds.attempts, done)
        self._block(feeds.attempts)
        done.running += sum(row.state in ("running", "queued") for row in feeds.attempts)
        done.changed += len(feeds.attempts) + len(feeds.hints)
        for one in found:
            self._hints.pop(one.attempt.task, None)

    def _recover(self, rows: Iterable[Attempt], done: Round) -> None:
        """Tries that succeeded: what failed before them was flaky, or is well again."""
        for row in rows:
            if row.state == "success":
                self._store.recovered(row.task)
                when = row.ended or row.updated or self._history.now()
                done.resolved += self._store.green(row.task.dag_id, row.task.task_id, when)
                done.succeeded.append(row)

    def _block(self, rows: Iterable[Attempt]) -> None:
        """Tasks that are upstream_failed: often known only after what they wait for was recorded."""
        runs = dict.fromkeys(
            (row.task.dag_id, row.task.run_id) for row in rows if row.state == "upstream_failed"
        )
        for run in runs:
            blast = _Blast(self._history)
            for row in self._history.of_run(*run):
                names = blast.of(row)
                if names:
                    self._store.block(row.task, names)

    def _unrecorded(self, found: Sequence[Found]) -> list[Found]:
        """Without the tries that were recorded before."""
        unseen = [one for one in found if one.attempt.task not in self._seen]
        known = self._store.counted([one.attempt.task for one in unseen]) if unseen else ()
        for task in known:
            self._saw(task)
        return [one for one in unseen if one.attempt.task not in known]

    def _saw(self, task: TaskRef) -> None:
        self._seen[task] = None
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def _record(self, found: Sequence[Found], done: Round, timed_out: dict[Attempt, Run]) -> None:
        answers: list[Diagnosed] = []
        occurrences: list[Occurrence] = []
        blast = _Blast(self._history)
        with ThreadPoolExecutor(READERS) as pool:
            logs = pool.map(self._log_of, [one.attempt.task for one in found])
            for one, log in zip(found, logs, strict=True):
                stated = facts(one.attempt, self._events, timed_out.get(one.attempt))
                answer = self._diagnose(
                    Known(attempt=one.attempt, log=log, facts=stated, hint=one.hint)
                )
                answers.append(answer)
                said = answer.examined.answer
                done.answered.append(
                    Answered(
                        engine=said.engine, cause=said.cause, confidence=said.confidence,
                        seconds=said.elapsed_ms / 1000,
                    )
                )  # fmt: skip
                occurrences.append(
                    occurrence(
                        one.attempt, answer.text, answer.examined,
                        found_by=one.found_by, in_log=answer.in_log, blast=blast.of(one.attempt),
                    )
                )  # fmt: skip
        kept = self._store.record(occurrences, _whole(answers))
        for one, counted, recorded in zip(found, occurrences, kept, strict=True):
            done.recorded.append((counted, recorded))
            if not recorded.known:
                done.failed.append(one.attempt)
            self._saw(counted.task)
        oldest = min(one.occurred for one in occurrences)
        done.lag = max(done.lag, (self._history.now() - oldest).total_seconds())

    def _log_of(self, task: TaskRef) -> LogText | None:
        """The log; None where there is none, and where it could not be read in several rounds."""
        try:
            log = self._logs.read(task)
        except (ServiceUnreachable, UnreadableInput) as error:
            tried = self._unreadable.get(task, 0) + 1
            self._unreadable[task] = tried
            if tried < PATIENCE and isinstance(error, ServiceUnreachable):
                raise
            _log.warning("%s: recorded without its log: %s", task, error)
            log = None
        self._unreadable.pop(task, None)
        return log

    # -- what rows alone do not say

    def _timed_out(self, attempts: Iterable[Attempt]) -> dict[Attempt, Run]:
        """Tries that dagrun_timeout ended: set to skipped after they began, in a run that failed.

        Skipped on purpose, a try ends by itself and its run does not fail of it; a run that failed of
        another task has that task among its failures.
        """
        runs: dict[tuple[str, str], list[Attempt]] = {}
        for row in attempts:
            if row.state == "skipped" and row.started is not None and row.task.try_number:
                runs.setdefault((row.task.dag_id, row.task.run_id), []).append(row)
        found: dict[Attempt, Run] = {}
        for (dag_id, run_id), rows in runs.items():
            run = next((r for r in self._history.of_dag(dag_id) if r.run_id == run_id), None)
            if run is None or run.state != "failed":
                continue
            if not any(row.state == "failed" for row in self._history.of_run(dag_id, run_id)):
                found.update(dict.fromkeys(rows, run))
        return found

    def _import_errors(self, done: Round) -> None:
        broken = self._history.broken_dags()
        keys = frozenset((one.file, one.stack_trace) for one in broken)
        if keys == self._broken:
            return
        occurrences = [broken_dag(one) for one in broken]
        if occurrences:
            done.recorded += zip(occurrences, self._store.record(occurrences), strict=True)
        before = self._told_broken() if self._broken is None else {file for file, _ in self._broken}
        for file in sorted(before - {file for file, _ in keys}):
            done.resolved += self._store.green(file, "", self._history.now(), "import")
        done.changed += len(keys ^ (self._broken or frozenset()))
        self._broken = keys

    def _told_broken(self) -> set[str]:
        """Files that an earlier watch told of: they may have been mended while none looked."""
        query = Query(kinds=("import",), states=UNSOLVED, members=True, limit=200)
        found = self._store.find(query).incidents
        return {
            one.task.dag_id
            for incident in found
            for one in self._store.occurrences(incident.id, limit=LOOKED_AT)
        }


def _whole(answers: Iterable[Diagnosed]) -> list[Remembered]:
    """Diagnoses with their lines: of each fingerprint the first and the newest, which are all that the
    store would keep."""
    by_name: dict[str, list[Diagnosed]] = {}
    for answer in answers:
        if answer.examined.finding:
            by_name.setdefault(answer.examined.answer.fingerprint, []).append(answer)
    chosen = [one for same in by_name.values() for one in (*same[:1], *same[1:][-KEPT:])]
    return [remembered(one.text, one.examined, task=one.attempt.task) for one in chosen]


class _Blast:
    """The task instances of a run that could not run because another one failed for good."""

    def __init__(self, history: RunHistory) -> None:
        self._history = history
        self._of: dict[tuple[str, str], list[Attempt]] = {}

    def of(self, attempt: Attempt) -> tuple[str, ...]:
        """Of the first final failure of a run: the tasks that are upstream_failed; else ()."""
        if attempt.state != "failed":
            return ()
        key = (attempt.task.dag_id, attempt.task.run_id)
        if key not in self._of:
            self._of[key] = self._history.of_run(*key)
        rows = self._of[key]
        ends = [(row.ended, row.task) for row in rows if row.state == "failed" and row.ended]
        first = min(ends, default=None, key=itemgetter(0))
        if first is None or task_instance(first[1]) != task_instance(attempt.task):
            return ()
        return tuple(row.task.task_id for row in rows if row.state == "upstream_failed")
