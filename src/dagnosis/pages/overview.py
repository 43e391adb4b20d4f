"""Overview: what is broken now, what is risky next, which data is suspect, how failures trend."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec

from dagnosis.incidents.contract import Incident, Query
from dagnosis.pages import data, risk
from dagnosis.pages.charts import Columns, columns
from dagnosis.pages.stores import Stores
from dagnosis.services.health import Status, said
from dagnosis.services.outlook import Ahead

SHOWN, RISKS, SUSPECTS, DAYS = 8, 6, 6, 14


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """What the page shows; `open` is how many incidents are open in all (capped at 10,000)."""

    now: datetime
    broken: tuple[Incident, ...]
    open: int
    fresh: int
    risks: tuple[Ahead, ...]
    risk_known: bool
    suspects: tuple[data.Row, ...]
    datasets: int
    trend: Columns
    watch: Status | None
    behind: bool


def overview(
    stores: Stores, *, readable: frozenset[str] | None = None, now: datetime | None = None
) -> Overview:
    """The page, from the stores; each part is empty where nothing is known."""
    now = now or datetime.now(timezone.utc)
    found = stores.incidents.find(Query(states=("open",), readable=readable, limit=SHOWN))
    day = now - timedelta(days=1)
    ahead = risk.risks(stores, readable=readable)
    rows = data.datasets(stores, readable=readable).rows
    watch = said(stores.incidents, "watch")
    silent = 0.0 if watch is None else (now - watch.said).total_seconds()
    return Overview(
        now=now,
        broken=found.incidents,
        open=found.total,
        fresh=sum(one.first_seen >= day for one in found.incidents),
        risks=() if ahead is None else ahead.risks[:RISKS],
        risk_known=ahead is not None,
        suspects=tuple(row for row in rows if row.status == "alarm")[:SUSPECTS],
        datasets=len(rows),
        trend=trend(stores, now, readable=readable),
        watch=watch,
        behind=watch is not None and silent > max(4 * watch.every_seconds, 60),
    )


def trend(
    stores: Stores, now: datetime, *, readable: frozenset[str] | None, days: int = DAYS
) -> Columns:
    """Failures a day by family, today included."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight - timedelta(days=days - 1)
    counts = stores.counts(since, midnight + timedelta(days=1), readable)
    return columns(counts, since, days, 86_400)
