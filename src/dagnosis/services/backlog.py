"""The logs of the past: listed, parted, classified a part at a time, as many workers as there are.

A part holds whole tasks, each try in the order of time. What was well again later is resolved when all
parts are done: until then the same failure may still be found elsewhere. Nobody is told: what failed last
month is no news.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import UnreadableInput
from dagnosis.logs.dating import last_time
from dagnosis.logs.reading import LogText
from dagnosis.model import TaskRef
from dagnosis.services.explain import Examined, examine
from dagnosis.services.record import occurrence
from dagnosis.services.remember import remembered
from dagnosis.sources.contract import Attempt, LogSource, RunHistory
from dagnosis.sources.log_paths import Found

if TYPE_CHECKING:
    from dagnosis.incidents.contract import Occurrence
    from dagnosis.incidents.incidents import Incidents
    from dagnosis.incidents.store import Remembered

SETTLED = timedelta(hours=6)
"""A log that was written to since may be of a try that still runs: it is left to the watch."""
BATCH = 200
"""Failures that are recorded at once."""
GREENS = 50
"""Successes after the last failure that are handed on for each task; fewer of them resolve."""
PARTS = 1000
"""Parts at most: Airflow maps over 1,024 (`[core] max_map_length`)."""

Examine = Callable[[LogText], Examined]


class OldLog(msgspec.Struct, frozen=True, array_like=True):
    """A log to classify, small enough to be handed from task to task; `modified` in seconds since 1970.
    `last` says that no later try of its task instance left a log."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    try_number: int
    modified: float
    last: bool = True

    @property
    def task(self) -> TaskRef:
        """The try."""
        return TaskRef(self.dag_id, self.run_id, self.task_id, self.map_index, self.try_number)


class Well(msgspec.Struct, frozen=True, array_like=True):
    """A task that succeeded at a time (seconds since 1970) after it had failed."""

    dag_id: str
    task_id: str
    when: float


class Classified(msgspec.Struct, frozen=True, kw_only=True):
    """What came of some logs: how many were looked at, tell of a failure, were not recorded before,
    could not be read or were gone; and what was well after it had failed."""

    logs: int = 0
    failed: int = 0
    new: int = 0
    unreadable: int = 0
    well: tuple[Well, ...] = ()


def listed(logs: LogSource, history: Callable[[], RunHistory], since: datetime) -> Iterator[Found]:
    """Every log that was written to since then: by the folder or bucket that can list its logs, else
    by the tries that the run history knows. Raises what these raise."""
    walk = getattr(logs, "walk", None)
    if walk is not None:
        found: Iterable[Found] = walk()
        yield from (one for one in found if one.modified is None or one.modified >= since)
        return
    source = history()
    try:
        for row in source.attempts(since):
            earlier = source.tries(row.task) if row.task.try_number > 1 else []
            for one in {one.task: one for one in (*earlier, row)}.values():
                if one.task.try_number and one.started is not None:
                    yield Found(one.task, "", 0, one.ended or one.updated or one.started)
    finally:
        source.close()


def parted(
    found: Iterable[Found], until: datetime, *, size: int = 500, most: int = 100_000
) -> list[list[OldLog]]:
    """The newest `most` logs that were last written to before `until`, in parts of about `size`.

    A part is larger where one task alone is, and where there would be more parts than Airflow maps
    over. `size` and `most` are at least 1. No logs, no parts.
    """
    latest = until.timestamp()
    dated = (
        (one.modified.timestamp() if one.modified else latest - 1, _key(one.task)) for one in found
    )
    newest = heapq.nlargest(most, (row for row in dated if row[0] < latest))
    highest: dict[tuple[str, str, str, int], int] = defaultdict(int)
    for _, key in newest:
        highest[key[:-1]] = max(highest[key[:-1]], key[-1])
    tasks: dict[tuple[str, str], list[OldLog]] = defaultdict(list)
    for modified, key in sorted(newest):
        dag_id, run_id, task_id, map_index, number = key
        last = number == highest[key[:-1]]
        tasks[dag_id, task_id].append(
            OldLog(dag_id, run_id, task_id, map_index, number, modified, last)
        )
    size = max(size, -(-len(newest) // PARTS))
    parts: list[list[OldLog]] = []
    for task in sorted(tasks):
        if not parts or len(parts[-1]) + len(tasks[task]) > size:
            parts.append([])
        parts[-1] += tasks[task]
    return parts


def _key(task: TaskRef) -> tuple[str, str, str, int, int]:
    return task.dag_id, task.run_id, task.task_id, task.map_index, task.try_number


def classify(
    part: Sequence[OldLog], logs: LogSource, incidents: Incidents, look: Examine = examine
) -> Classified:
    """Diagnose the logs of a part and record what failed.

    Safe to repeat: a try is counted once, whoever found it. A log that cannot be read is counted as
    that. Raises `ServiceUnreachable` where a source or the store does not answer; what was recorded
    until then stands.
    """
    failures = unreadable = new = 0
    batch: list[tuple[Occurrence, Remembered]] = []
    well: dict[tuple[str, str], list[Well]] = {}
    for old in part:
        text = _read(logs, old)
        if text is None:
            unreadable += 1
            continue
        seen = look(text)
        when = last_time(text.lines) or datetime.fromtimestamp(old.modified, timezone.utc)
        its = (old.dag_id, old.task_id)
        if seen.finding is not None:
            failures += 1
            batch.append(_failed(old, text, seen, when))
            if old.last:
                well[its] = []
        elif seen.parsed.succeeded and its in well:
            well[its].append(Well(*its, when.timestamp()))
        if len(batch) >= BATCH:
            new += _record(incidents, batch)
            batch = []
    new += _record(incidents, batch)
    return Classified(
        logs=len(part),
        failed=failures,
        new=new,
        unreadable=unreadable,
        well=tuple(one for found in well.values() for one in found[-GREENS:]),
    )


def settle(well: Iterable[Well], incidents: Incidents) -> int:
    """When all parts are classified: resolve what has been well since; how many incidents."""
    resolved: set[int] = set()
    for one in sorted(well, key=lambda one: one.when):
        when = datetime.fromtimestamp(one.when, timezone.utc)
        resolved.update(incidents.green(one.dag_id, one.task_id, when, quiet=True))
    return len(resolved)


def _failed(
    old: OldLog, text: LogText, seen: Examined, when: datetime
) -> tuple[Occurrence, Remembered]:
    state = "failed" if old.last else "up_for_retry"
    attempt = Attempt(task=old.task, state=state, ended=when)
    return (
        occurrence(attempt, text, seen, found_by="file"),
        remembered(text, seen, task=old.task),
    )


def _read(logs: LogSource, old: OldLog) -> LogText | None:
    try:
        return logs.read(old.task)
    except UnreadableInput:
        return None


def _record(incidents: Incidents, batch: Sequence[tuple[Occurrence, Remembered]]) -> int:
    """How many were not recorded before."""
    failed, kept = [one for one, _ in batch], [one for _, one in batch]
    return sum(not one.known for one in incidents.record(failed, kept, quiet=True))
