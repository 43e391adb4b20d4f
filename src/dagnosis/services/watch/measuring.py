"""A round in numbers: for the metrics of this process, or of the one that serves the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dagnosis.incidents.contract import Occurrence, Recorded
from dagnosis.services.watch.rounds import Answered, Round

if TYPE_CHECKING:
    from dagnosis.metrics import Metrics


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One round. `seconds` is how long it took, `lag` how late its oldest failure was recorded; a round
    in which a source did not answer has an `error` and nothing else."""

    seconds: float = 0.0
    lag: float = 0.0
    changed: int = 0
    succeeded: int = 0
    resolved: int = 0
    answered: tuple[Answered, ...] = ()
    recorded: tuple[tuple[Occurrence, Recorded], ...] = ()
    dropped_hints: int = 0
    waiting_hints: int = 0
    error: str = ""


def report(done: Round) -> Report:
    """What a round did, small enough for a line of JSON."""
    return Report(
        seconds=done.seconds,
        lag=done.lag,
        changed=done.changed,
        succeeded=len(done.succeeded),
        resolved=len(done.resolved),
        answered=tuple(done.answered),
        recorded=tuple(done.recorded),
        dropped_hints=done.dropped_hints,
        waiting_hints=done.waiting_hints,
    )


def measure(metrics: Metrics, told: Report) -> None:
    """Count a round."""
    metrics.polled(told.seconds, ok=not told.error)
    if told.error:
        return
    metrics.watch_lag(told.lag)
    metrics.spool(told.waiting_hints, 0, told.dropped_hints)
    for one in told.answered:
        metrics.diagnosed(one.engine, one.seconds, cause=one.cause, confidence=one.confidence)
    failed = 0
    for occurrence, recorded in told.recorded:
        metrics.recorded(occurrence, recorded)
        failed += occurrence.kind == "failure" and not recorded.known
    metrics.tried("failed", failed)
    metrics.tried("success", told.succeeded)
