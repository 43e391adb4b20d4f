"""A process that did everything once, for tests that look at what it tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, get_args

from dagnosis.incidents.contract import Count, FoundBy, Kind, Occurrence, Page, Query, Recorded
from dagnosis.logs.llm.budget import Limits, Spent
from dagnosis.metrics import Metrics
from dagnosis.metrics.catalogue import Activity, CallOutcome, CheckStatus
from dagnosis.model import FAMILIES, TaskRef

NOW = datetime(2026, 11, 26, 6, 0, tzinfo=timezone.utc)


class Kept:
    """A store with two incidents in each state of each family, and three occurrences of it."""

    asked = 0

    def cursor(self, source: str) -> str:
        return ""

    def move(self, source: str, cursor: str) -> None:
        raise AssertionError("metrics only read")

    def find(self, query: Query) -> Page:
        self.asked += 1
        assert len(query.causes) == len(query.states) == 1
        return Page(incidents=(), total=2)

    def counts(self, since: datetime, until: datetime, step_seconds: int) -> Sequence[Count]:
        self.asked += 1
        assert since < NOW < until
        return [
            Count(when=since, cause=cause, count=3) for cause in (*FAMILIES, "of a newer version")
        ]


def occurrence(number: int = 0, **changes: Any) -> Occurrence:
    """A failure of the task `load` in its own DAG, two minutes ago."""
    made: dict[str, Any] = {
        "task": TaskRef(f"dag_{number}", "scheduled__2026-11-26", "load"),
        "occurred": NOW - timedelta(minutes=2),
        "found_by": "poll",
        "fingerprint": f"f{number}",
        "cause": "network",
        "detail": "network.dns",
        "title": "A name is not known",
        "confidence": 0.9,
        "transience": "transient",
    }
    return Occurrence(**{**made, **changes})


def recorded(number: int = 0, **changes: Any) -> Recorded:
    """That it began an incident."""
    return Recorded(**{"incident_id": number, "known": False, "transition": "new", **changes})


def filled(dags: int = 20, now: datetime = NOW) -> Metrics:
    """Metrics in which every family has series."""
    metrics = Metrics(dags=dags, clock=now.timestamp)
    again(metrics, now)
    for number in range(60):
        metrics.checked(f"small_{number}", "healthy", rows=10, score=0.5, limit=2.0)
    return metrics


def again(metrics: Metrics, now: datetime = NOW) -> None:
    """Everything once more: counts grow."""
    metrics.refresh(Kept())
    for number, found_by in enumerate(get_args(FoundBy)):
        for kind in get_args(Kind):
            one = occurrence(number, found_by=found_by, kind=kind, blast=("a", "b")[:number])
            metrics.recorded(one, recorded(number))
    metrics.recorded(occurrence(9, final=False), recorded(transition="regressed"))
    metrics.recorded(occurrence(9), recorded(transition="escalated"))
    metrics.state_changed("network", "open", "resolved")
    metrics.tried("success", 90)
    metrics.tried("failed", 10)
    for engine in ("rules", "similar", "model", "llm"):
        metrics.diagnosed(engine, 0.02, cause="network", confidence=0.9)
    metrics.told("confirm")
    for called in get_args(CallOutcome):
        metrics.llm(called, tokens=900, cost=0.004, seconds=1.5)
    metrics.llm_budget(Spent(10, 9000, 0.04, 30.0), Limits(50, 200, 100_000, 3600, 1.0, 1, 4))
    metrics.watch_lag(4.0)
    metrics.polled(0.3)
    metrics.polled(0.3, ok=False)
    metrics.spool(3, 4096, dropped=1)
    for status in get_args(CheckStatus):
        metrics.checked("orders", status, rows=1000, score=3.0, limit=2.0, seconds=0.4)
    for risk, failed in ((0.02, False), (0.07, True), (0.4, False), (0.8, True), (1.0, True)):
        metrics.predicted(risk)
        metrics.outcome(risk, failed)
    metrics.risks([0.01, 0.3, 0.7], threshold=0.5)
    metrics.model("causes", "2026-11-02", "promoted", now - timedelta(days=24))
    metrics.retrained("causes", "promoted")
    for activity in get_args(Activity):
        metrics.succeeded(activity)
        metrics.failed(activity)
    metrics.notified("slack", "sent")
    metrics.notified("slack", "failed")
    metrics.requested("/incidents/{id}", 200, 0.02)
    metrics.requested("/incidents/{id}", 503, 0.02)
