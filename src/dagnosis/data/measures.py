"""A profile as numbers that can be compared over time, each with the noise that it has by itself.

Every measure is put on a scale where its sampling noise does not hang on its size (a rate by the
arcsine of its root, a spread by its logarithm), so one rule can judge them all: a rate over 900 rows
moves by ±0.017 on that scale whatever happens, and no batch is strange for moving less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timezone

import msgspec

from dagnosis.data.profile.values import LEVELS, ColumnProfile, Profile

SHARES = 60
"""Values of a column whose share is measured."""


STEADY = 0.2
"""Noise of the number of rows, as a share of that of independent arrivals: schedules are steadier."""


class Measure(msgspec.Struct, frozen=True):
    """`value` on the scale of comparison, its `noise` there (standard error), and as people say it.

    `raw` is the number in words; `upward` is True where only more is strange.
    """

    value: float
    noise: float
    raw: float
    upward: bool = False


def rate(count: float, size: float, upward: bool = False) -> Measure:
    """A share of rows, by the arcsine of its root (Anscombe 1948); 0 of 0 is the rate 0.

    >>> round(rate(9, 900).value - rate(0, 900).value, 3), round(rate(9, 900).noise, 4)
    (0.082, 0.0167)
    """
    size = max(size, 1.0)
    count = min(max(count, 0.0), size)
    value = math.asin(math.sqrt((count + 0.375) / (size + 0.75)))
    return Measure(value, 0.5 / math.sqrt(size), count / size, upward)


def measures(profile: Profile, before: Profile | None = None) -> dict[str, Measure]:
    """All measures of a batch, by `column|what`; `*` stands for the whole batch.

    `before` is the batch before this one, with which its rows are compared. An empty batch has its
    number of rows only.
    """
    rows = float(profile.rows)
    found = {"*|rows": Measure(math.log(rows + 1), STEADY / math.sqrt(rows + 1), rows)}
    if not profile.rows:
        return found
    sampled = float(profile.sampled)
    found["*|repeated rows"] = rate(profile.duplicates * sampled, sampled, upward=True)
    if before is not None and before.rows:
        for name, ours, theirs in (
            ("*|rows of the last batch", profile.hashes, before.hashes),
            ("*|content of the last batch", profile.content_hashes, before.content_hashes),
        ):
            found[name] = rate(*_overlap(ours, theirs), upward=True)
    for column in profile.columns:
        for what, measure in _of_column(column, profile):
            found[f"{column.name}|{what}"] = measure
    for name, (counted, size) in profile.counts.items():
        found[name] = rate(counted, size, upward="|up to " not in name)
    for name, (value, noise) in profile.gauges.items():
        found[name] = Measure(value, noise, value)
    return found


def _overlap(ours: tuple[int, ...], theirs: tuple[int, ...]) -> tuple[float, float]:
    """Rows in common among the smallest hashes of the union, and how many those are (bottom-k)."""
    size = min(len(ours), len(theirs))
    smallest = sorted({*ours, *theirs})[:size]
    common = set(ours) & set(theirs)
    return float(sum(value in common for value in smallest)), float(size)


def _of_column(column: ColumnProfile, profile: Profile) -> Iterator[tuple[str, Measure]]:
    totals, rows = column.totals, float(profile.rows)
    known = rows - totals.nulls
    yield "nulls", rate(totals.nulls, rows)
    if known <= 0:
        return
    distinct = max(totals.distinct, 1)
    yield "distinct values", Measure(math.sqrt(distinct), 0.5, distinct)
    if column.kind == "text":
        yield "empty", rate(totals.empty, rows)
        yield "blanks around", rate(column.padded * profile.sampled, profile.sampled)
    if column.kind in ("integer", "float"):
        yield "zeros", rate(totals.zeros, rows)
        yield "negatives", rate(totals.negatives, rows)
        yield "infinite", rate(totals.infinite, rows)
    if column.kind == "float":
        yield "no integers", rate(column.fractions * profile.sampled, profile.sampled)
    yield from _moments(column, profile, known)
    if column.kind == "time":
        yield from _times(column, profile)
    # a float with fractions has no values that come again
    if column.fractions == 0:
        for value, share in list(column.top.items())[:SHARES]:
            yield f"share of {value}", rate(share * profile.sampled, profile.sampled)


def _moments(
    column: ColumnProfile, profile: Profile, known: float
) -> Iterator[tuple[str, Measure]]:
    """Mean and spread; the mean of a time in hours since the partition began."""
    mean, spread = column.totals.mean, column.totals.deviation
    if mean is None or spread is None:
        return
    start, scale = _origin(column, profile)
    if start is not None:
        shown = (mean - start) * scale
        name = "mean time" if column.kind == "time" else "mean"
        yield name, Measure(shown, spread * scale / math.sqrt(known), shown)
    if spread > 0 and column.kind != "text":
        yield "spread", Measure(math.log(spread), 1 / math.sqrt(known), spread * scale)


def _origin(column: ColumnProfile, profile: Profile) -> tuple[float | None, float]:
    """What is taken off a value, and by what it is multiplied; None where a time has no origin."""
    if column.kind != "time":
        return 0.0, 1.0
    begins = moment_of(profile.partition)
    return (begins.timestamp() if begins else None), 1 / 3600


def _times(column: ColumnProfile, profile: Profile) -> Iterator[tuple[str, Measure]]:
    """Quantiles of a time in hours since the partition began: how fresh the rows are."""
    start, scale = _origin(column, profile)
    if start is None:
        return
    for level, value, noise in zip(LEVELS, column.quantiles, column.noises, strict=True):
        shown = (value - start) * scale
        yield f"{level:.0%} time", Measure(shown, noise * scale, shown)


def moment_of(partition: str) -> datetime | None:
    """The date and hour that a partition is named after, None where it is not.

    >>> moment_of("2013-01-05").isoformat(), moment_of("orders-7")
    ('2013-01-05T00:00:00+00:00', None)
    """
    text = partition.strip()
    if text.isdecimal() and len(text) == 8:
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or timezone.utc)
