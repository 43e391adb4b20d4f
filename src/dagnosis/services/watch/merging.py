"""Three feeds, one list of failed tries: each once, whoever told of it first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from dagnosis.incidents.contract import FoundBy
from dagnosis.model import TaskRef
from dagnosis.sources.contract import Attempt, Event

if TYPE_CHECKING:
    from dagnosis.spool import Hint

FAILED: Final = frozenset({"failed", "up_for_retry"})
"""States of a try that has failed, finally or not."""
TOLD: Final = frozenset(
    {"failed", "heartbeat timeout", "state mismatch", "stuck in queued tries exceeded"}
)
"""Events that say that a try failed."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A failed try, and which feed told of it first."""

    attempt: Attempt
    found_by: FoundBy
    hint: Hint | None = None


class Feeds(msgspec.Struct, frozen=True, kw_only=True):
    """What one round read. `attempts` are rows that changed."""

    attempts: tuple[Attempt, ...] = ()
    events: tuple[Event, ...] = ()
    hints: tuple[Hint, ...] = ()


def task_instance(task: TaskRef) -> TaskRef:
    """The task instance of a try: its key without the number.

    >>> task_instance(TaskRef("d", "r", "t", 2, 5)).try_number
    0
    """
    return msgspec.structs.replace(task, try_number=0)


def failed_rows(attempts: Iterable[Attempt]) -> Iterator[Attempt]:
    """The rows that state a failure themselves."""
    return (attempt for attempt in attempts if attempt.state in FAILED)


def to_look_up(feeds: Feeds, known: Mapping[TaskRef, object]) -> list[TaskRef]:
    """Task instances whose earlier tries must be asked for, in a stable order.

    A row tells of the last try only: with a number of two or more, an earlier try failed, perhaps
    between two polls. Hints and events tell of tries whose rows have not been seen to fail.
    `known` are the tries that were recorded, or stand in the rows.
    """
    wanted: dict[TaskRef, None] = {}
    for attempt in feeds.attempts:
        last = attempt.task.try_number - (attempt.state not in FAILED)
        for number in range(1, last + 1):
            if msgspec.structs.replace(attempt.task, try_number=number) not in known:
                wanted[task_instance(attempt.task)] = None
                break
    for event in feeds.events:
        if event.event in TOLD and event.task_id:
            number = event.try_number or 0
            task = TaskRef(event.dag_id, event.run_id, event.task_id, event.map_index, number)
            if not number or task not in known:
                wanted[task_instance(task)] = None
    for hint in feeds.hints:
        if hint.kind == "task_failed" and TaskRef(*hint.key) not in known:
            wanted[task_instance(TaskRef(*hint.key))] = None
    return list(wanted)


def merged(rows: Iterable[Attempt], feeds: Feeds) -> list[Found]:
    """Each failed try once, in the order in which they ended.

    `rows` are the failed rows and the tries that were looked up; of two rows of one try the one that
    changed last counts.
    """
    hints = {TaskRef(*hint.key): hint for hint in feeds.hints if hint.kind == "task_failed"}
    polled = {attempt.task for attempt in failed_rows(feeds.attempts)}
    best: dict[TaskRef, Attempt] = {}
    for attempt in rows:
        if attempt.state not in FAILED:
            continue
        before = best.get(attempt.task)
        if before is None or _changed(attempt) >= _changed(before):
            best[attempt.task] = attempt
    found = []
    for task, attempt in best.items():
        hint = hints.get(task)
        by: FoundBy = "hook" if hint else "poll" if task in polled else "event"
        found.append(Found(attempt=attempt, found_by=by, hint=hint))
    return sorted(found, key=lambda one: (_ended(one.attempt), one.attempt.task.task_id))


def _changed(attempt: Attempt) -> float:
    return attempt.updated.timestamp() if attempt.updated else 0.0


def _ended(attempt: Attempt) -> float:
    when = attempt.ended or attempt.updated or attempt.started or attempt.queued
    return when.timestamp() if when else 0.0
