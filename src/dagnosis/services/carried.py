"""What an asset event carries of a check, and what is read of it downstream.

An event's `extra` is stored in Airflow's database for good and shown on its pages, so it holds a
summary of a few kilobytes under one key, redacted; the profile itself stays in the profile store.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dagnosis.logs.redaction import redact

if TYPE_CHECKING:
    from dagnosis.data.profile.values import ColumnProfile, Profile
    from dagnosis.services.check import Finding

KEY = "dagnosis"
"""The key of `extra` below which everything stands."""
COLUMNS, DIFFERENCES, WORDS = 40, 5, 300
"""Columns and differences carried, and characters of a sentence."""


def carried(finding: Finding, profile: Profile | None = None) -> dict[str, Any]:
    """A finding as plain JSON values; with a profile, the counts of its first `COLUMNS` columns."""
    told: dict[str, Any] = {
        "dataset": finding.dataset,
        "partition": finding.partition,
        "status": finding.status,
        "alarm": finding.alarm,
        "tool": finding.tool,
        "summary": _words(finding.summary),
        "rows": finding.rows,
        "batches": finding.batches,
        "score": finding.score,
        "limit": finding.limit,
        "confidence": finding.confidence,
        "blamed": [one.column for one in finding.blamed],
        "differences": [
            {"column": one.column, "measure": _words(one.measure), "words": _words(one.words)}
            for one in finding.differences[:DIFFERENCES]
        ],
    }
    if finding.upstream:
        told["upstream"] = [_words(one) for one in finding.upstream[:DIFFERENCES]]
    if profile is not None:
        told["columns"] = {
            column.name: _column(column, profile.rows) for column in profile.columns[:COLUMNS]
        }
    return told


def _words(text: str) -> str:
    return redact(text[: 4 * WORDS])[:WORDS]


def _column(column: ColumnProfile, rows: int) -> dict[str, Any]:
    totals = column.totals
    told: dict[str, Any] = {"kind": column.kind, "nulls": round(totals.nulls / max(rows, 1), 6)}
    if column.kind != "other":
        told["distinct"] = totals.distinct
    if column.kind in ("integer", "float") and totals.mean is not None:
        told |= {"minimum": totals.minimum, "maximum": totals.maximum, "mean": totals.mean}
    return told


def upstream_alarms(events: Iterable[tuple[str, Mapping[str, Any] | None]]) -> tuple[str, ...]:
    """A sentence for each event (name of its asset, its `extra`) whose data was an alarm.

    What others wrote below our key is ignored unless it has the shape that `carried` gives.

    >>> upstream_alarms([("orders", {"dagnosis": {"alarm": True, "partition": "2026-01-05",
    ...                                           "summary": "no rows at all"}}), ("x", None)])
    ('orders 2026-01-05 was an alarm: no rows at all',)
    """
    return tuple(dict.fromkeys(_alarms(events)))


def _alarms(events: Iterable[tuple[str, Mapping[str, Any] | None]]) -> Iterator[str]:
    for asset, extra in events:
        told = (extra or {}).get(KEY)
        if not isinstance(told, Mapping) or told.get("alarm") is not True:
            continue
        partition, summary = told.get("partition", ""), told.get("summary", "")
        name = " ".join(filter(None, (asset, str(partition))))
        yield f"{_words(name)} was an alarm: {_words(str(summary))}"
