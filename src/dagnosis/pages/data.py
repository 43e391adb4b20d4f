"""Data: datasets, what was found in them, and how their profiles move."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

import msgspec

from dagnosis.pages.charts import Series, series
from dagnosis.pages.stores import Stores
from dagnosis.services.check import Finding

if TYPE_CHECKING:
    from dagnosis.data.store import Stored

PAST, PLOTS = 60, 6
"""Batches of the past, and measures, that are drawn."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One dataset with its newest batch."""

    dataset: str
    batches: int
    partition: str
    status: str
    made: datetime
    run: str
    finding: Finding | None


class Datasets(msgspec.Struct, frozen=True, kw_only=True):
    """The page of all datasets, alarms first."""

    now: datetime
    rows: tuple[Row, ...]


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """The page of one dataset; `batches` are (partition, status, rows, summary), the newest first."""

    now: datetime
    name: str
    finding: Finding | None
    status: str
    partition: str
    batches: tuple[tuple[str, str, int, str], ...]
    plots: tuple[Series, ...]


def datasets(
    stores: Stores, *, readable: frozenset[str] | None = None, now: datetime | None = None
) -> Datasets:
    """Every dataset that may be read."""
    rows = [
        Row(
            dataset=one.dataset,
            batches=one.batches,
            partition=one.partition,
            status=one.status,
            made=one.made,
            run=one.run,
            finding=_finding(one.finding),
        )
        for one in stores.profiles.datasets()
        if _may_read(one.run, readable)
    ]
    rows.sort(key=lambda row: row.status != "alarm")
    return Datasets(now=now or datetime.now(timezone.utc), rows=tuple(rows))


def dataset(
    stores: Stores,
    name: str,
    *,
    readable: frozenset[str] | None = None,
    partition: str = "",
    now: datetime | None = None,
) -> Dataset | None:
    """One dataset, at its newest partition or at the one that is named; None where there is none."""
    found = [row for row in datasets(stores, readable=readable).rows if row.dataset == name]
    past = stores.profiles.history(name, most=PAST) if found else []
    if not past:
        return None
    place = next(
        (n for n, one in enumerate(past) if one.profile.partition == partition), len(past) - 1
    )
    finding = _finding(past[place].finding)
    return Dataset(
        now=now or datetime.now(timezone.utc),
        name=name,
        finding=finding,
        status=past[place].status,
        partition=past[place].profile.partition,
        batches=tuple(_batch(one) for one in reversed(past)),
        plots=tuple(_plots(past, finding)),
    )


def _batch(stored: Stored) -> tuple[str, str, int, str]:
    finding = _finding(stored.finding)
    return (
        stored.profile.partition,
        stored.status,
        stored.profile.rows,
        finding.summary if finding else "",
    )


def _plots(past: list[Stored], finding: Finding | None) -> list[Series]:
    """The number of rows, then what the finding says is different."""
    from dagnosis.data.measures import measures

    names = ["*|rows"]
    for one in finding.differences if finding else ():
        name = f"{one.column}|{one.measure}"
        if one.measure != "schema" and name not in names:
            names.append(name)
    labels = [stored.profile.partition for stored in past]
    alarms = [place for place, stored in enumerate(past) if stored.status == "alarm"]
    before = None
    rows = []
    for stored in past:
        rows.append(measures(stored.profile, before))
        before = stored.profile
    plots = []
    for name in names[:PLOTS]:
        values = [row[name].raw if name in row else None for row in rows]
        if sum(value is not None for value in values) >= 3:
            column, _, what = name.partition("|")
            title = what if column == "*" else f"{column}: {what}"
            plots.append(series(title, labels, values, alarms))
    return plots


def _finding(raw: bytes) -> Finding | None:
    """A finding as it was stored; None for none, or for one of another version."""
    try:
        return msgspec.json.decode(raw, type=Finding) if raw else None
    except msgspec.DecodeError:
        return None


def _may_read(run: str, readable: frozenset[str] | None) -> bool:
    """A dataset belongs to the DAG whose run checked it (`dag_id/…`); one that no DAG checked is for
    those who may read all."""
    return readable is None or run.partition("/")[0] in readable
