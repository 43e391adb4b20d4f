"""Charts as values: stacked columns that are drawn here, series that the browser draws.

Columns are plain SVG, since a glance at the trend must not need JavaScript. Series are drawn by uPlot
from a data attribute, above the table of the same numbers that everybody can read.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from dagnosis.incidents.contract import Count
from dagnosis.pages import words

WIDE, HIGH, GAP = 720, 120, 2
"""Size of a chart of columns and the gap between two, in units of its SVG."""
LEAST = 4
"""Failures that fill a column at least: one failure is no tower."""
NAMED = 6
"""Families with a colour of their own; the rest is "other"."""


class Part(msgspec.Struct, frozen=True):
    """A piece of a column: `colour` is the number of its class in the style sheet."""

    x: float
    y: float
    width: float
    height: float
    colour: int
    label: str


class Family(msgspec.Struct, frozen=True):
    """A line of the key: the family, its colour, how often it occurred."""

    cause: str
    colour: int
    count: int


class Columns(msgspec.Struct, frozen=True):
    """Failures over time, stacked by family; `days` are (label, total, words) for the table."""

    parts: tuple[Part, ...]
    families: tuple[Family, ...]
    rows: tuple[tuple[str, int, str], ...]
    total: int
    most: int
    wide: int = WIDE
    high: int = HIGH


def columns(counts: Iterable[Count], since: datetime, steps: int, step_seconds: int) -> Columns:
    """Columns of `steps` equal steps from `since` on; without a count all of them are empty."""
    by_step: list[dict[str, int]] = [defaultdict(int) for _ in range(steps)]
    totals: dict[str, int] = defaultdict(int)
    for one in counts:
        place = int((one.when - since).total_seconds() // step_seconds)
        if 0 <= place < steps:
            by_step[place][one.cause] += one.count
            totals[one.cause] += one.count
    ranked = sorted(totals, key=lambda cause: (-totals[cause], cause))
    colours = {cause: min(place, NAMED) for place, cause in enumerate(ranked)}
    most = max((sum(step.values()) for step in by_step), default=0)
    width = WIDE / steps
    parts: list[Part] = []
    rows: list[tuple[str, int, str]] = []
    for place, step in enumerate(by_step):
        when = since + timedelta(seconds=place * step_seconds)
        day = f"{when:%a %d %b}" if step_seconds >= 86_400 else f"{when:%d %b %H:%M}"
        bottom = float(HIGH)
        for cause in sorted(step, key=lambda one: ranked.index(one)):
            height = step[cause] / max(most * 1.05, LEAST) * HIGH
            bottom -= height
            label = f"{day}: {words.count(step[cause], 'failure')}, {words.family(cause)}"
            parts.append(
                Part(
                    round(place * width + GAP / 2, 1), round(bottom, 1), round(width - GAP, 1),
                    round(max(height, 0.5), 1), colours[cause], label,
                )
            )  # fmt: skip
        told = ", ".join(f"{words.family(c)} {step[c]}" for c in ranked if step[c])
        rows.append((day, sum(step.values()), told))
    families = tuple(Family(cause, colours[cause], totals[cause]) for cause in ranked)
    return Columns(tuple(parts), families, tuple(rows), sum(totals.values()), most)


class Series(msgspec.Struct, frozen=True):
    """One measure over the partitions of a dataset. `low` and `high` bound nine in ten of the healthy
    ones; `alarms` are the places of those that were not. `drawn` is what the browser draws from."""

    title: str
    labels: tuple[str, ...]
    values: tuple[float | None, ...]
    low: float | None
    high: float | None
    alarms: tuple[int, ...]

    @property
    def drawn(self) -> str:
        """JSON for the data attribute."""
        return json.dumps(
            {
                "title": self.title,
                "labels": self.labels,
                "values": self.values,
                "low": self.low,
                "high": self.high,
                "alarms": self.alarms,
            }
        )

    @property
    def rows(self) -> list[tuple[str, str, bool]]:
        """(partition, value, alarm) for the table, the newest first."""
        told = [
            (label, "–" if value is None else words.number(value), place in self.alarms)
            for place, (label, value) in enumerate(zip(self.labels, self.values, strict=True))
        ]
        return told[::-1]


def series(
    title: str, labels: Sequence[str], values: Sequence[float | None], alarms: Iterable[int]
) -> Series:
    """A series with the band of its healthy values; no band below five of them."""
    bad = tuple(alarms)
    ordered = sorted(v for n, v in enumerate(values) if v is not None and n not in bad)
    low = high = None
    if len(ordered) >= 5:
        low = ordered[int(len(ordered) * 0.05)]
        high = ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]
    return Series(title, tuple(labels), tuple(values), low, high, bad)
