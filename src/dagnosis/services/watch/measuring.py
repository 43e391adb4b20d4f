"""A round in numbers: for the metrics of this process, or of the one that serves the pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dagnosis.incidents.contract import Occurrence, Recorded
from dagnosis.services.health import sizes
from dagnosis.services.watch.notes import Note
from dagnosis.services.watch.rounds import Answered, Round

if TYPE_CHECKING:
    from dagnosis.metrics import Metrics


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One round, and what was noted since the one before. `seconds` is how long it took, `lag` how late
    its oldest failure was recorded; a round in which a source did not answer has an `error` and
    `notes`, and nothing else."""

    seconds: float = 0.0
    lag: float = 0.0
    changed: int = 0
    succeeded: int = 0
    resolved: int = 0
    answered: tuple[Answered, ...] = ()
    recorded: tuple[tuple[Occurrence, Recorded], ...] = ()
    dropped_hints: int = 0
    spooled: int = 0
    spooled_bytes: int = 0
    error: str = ""
    notes: tuple[Note, ...] = ()


def report(done: Round, spool: Path | None = None, notes: tuple[Note, ...] = ()) -> Report:
    """What a round did, small enough for a line of JSON; `spool` is the folder of hints."""
    waiting = sizes(spool)
    return Report(
        seconds=done.seconds,
        lag=done.lag,
        changed=done.changed,
        succeeded=len(done.succeeded),
        resolved=len(done.resolved),
        answered=tuple(done.answered),
        recorded=tuple(done.recorded),
        dropped_hints=done.dropped_hints + done.damaged_hints,
        spooled=len(waiting),
        spooled_bytes=sum(waiting),
        notes=notes,
    )


def measure(metrics: Metrics, told: Report, source: str = "airflow") -> None:
    """Count a round; `source` is the name of what is followed."""
    metrics.polled(None if told.error else told.seconds, source=source, ok=not told.error)
    for note in told.notes:
        note.count_in(metrics)
    if told.error:
        return
    metrics.watch_lag(told.lag, source)
    metrics.spool(told.spooled, told.spooled_bytes, told.dropped_hints)
    for one in told.answered:
        metrics.diagnosed(one.engine, one.seconds, cause=one.cause, confidence=one.confidence)
    failed = 0
    for occurrence, recorded in told.recorded:
        metrics.recorded(occurrence, recorded)
        failed += occurrence.kind == "failure" and not recorded.known
    metrics.tried("failed", failed)
    metrics.tried("success", told.succeeded)
