"""One profile of several parts of a batch, as mapped tasks or the files of a folder give them.

Counts, extremes, means and deviations are exact, as are row hashes. Sketches are as good as they are:
quantiles to a rank of about 1/32, distinct values to what the smallest hashes say of the overlap
(exact up to 32 values), shares of values to the smallest share that a part has kept.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

import msgspec

from dagnosis.data.profile.values import (
    DIGESTS,
    HASHES,
    KNOTS,
    LEVELS,
    TOP,
    ColumnProfile,
    Kind,
    Profile,
    Totals,
)
from dagnosis.errors import WrongUse

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

FINE = 8
"""Points taken between two knots of a part."""


def merge(parts: Sequence[Profile]) -> Profile:
    """The profile of all parts together; names of dataset, partition and run are those of the first.

    Raises `WrongUse` without parts, and where parts differ in their columns: these are no parts of
    one batch.
    """
    if not parts:
        raise WrongUse("merge: there are no profiles to merge")
    return reduce(_pair, parts)


def _pair(one: Profile, two: Profile) -> Profile:
    names = [column.name for column in one.columns]
    if {*names} != {column.name for column in two.columns}:
        odd = sorted({*names} ^ {column.name for column in two.columns})
        raise WrongUse(
            f"merge: the column {odd[0]!r} is in one of {one.partition!r} and {two.partition!r} only"
        )
    hashes = _smallest(one.hashes, two.hashes, HASHES)
    return msgspec.structs.replace(
        one,
        rows=one.rows + two.rows,
        sampled=one.sampled + two.sampled,
        columns=tuple(
            _columns(column, other, one, two)
            for column in one.columns
            if (other := two.column(column.name)) is not None
        ),
        duplicates=_duplicates(one, two),
        hashes=hashes,
        content_hashes=_smallest(one.content_hashes, two.content_hashes, HASHES),
        counts=_counts(one, two),
        gauges=_gauges(one, two),
    )


def _smallest(one: tuple[int, ...], two: tuple[int, ...], most: int) -> tuple[int, ...]:
    return tuple(sorted({*one, *two})[:most])


def _in_both(one: tuple[int, ...], two: tuple[int, ...], kept: int) -> float:
    """Share of the union of two sets that is in both, from their smallest hashes (bottom-k)."""
    # all of a set that has not filled its sketch is in it
    limits = [len(each) for each in (one, two) if len(each) == kept]
    union = sorted({*one, *two})
    size = min(limits) if limits else len(union)
    common = {*one} & {*two}
    return sum(value in common for value in union[:size]) / size if size else 0.0


def _together(one: float, two: float, shared: float) -> float:
    """Size of the union of two sets of which `shared` of the union is in both."""
    return min(max((one + two) / (1 + shared), one, two), one + two)


def _duplicates(one: Profile, two: Profile) -> float:
    rows = one.sampled + two.sampled
    if not rows:
        return 0.0
    first, second = ((1 - part.duplicates) * part.sampled for part in (one, two))
    unique = _together(first, second, _in_both(one.hashes, two.hashes, HASHES))
    return max(0.0, 1 - unique / rows)


def _columns(
    one: ColumnProfile, two: ColumnProfile, first: Profile, second: Profile
) -> ColumnProfile:
    weights = (_known(one, first), _known(two, second))
    sampled = (first.sampled, second.sampled)
    knots = _knots(one, two, weights)
    digests = _smallest(one.digests, two.digests, DIGESTS)
    return ColumnProfile(
        name=one.name,
        kind=_kind(one, two),
        type=one.type if one.type == two.type else f"{one.type}|{two.type}",
        totals=_totals(one, two, weights),
        quantiles=_levels(knots, LEVELS),
        noises=_noises(knots, sum(weights) * _share_sampled(first, second)),
        top=_shares(one.top, two.top, sampled, TOP),
        shapes=_shares(one.shapes, two.shapes, sampled, 30),
        fractions=_mean((one.fractions, two.fractions), weights),
        padded=_mean((one.padded, two.padded), sampled),
        knots=_levels(knots, [place / KNOTS for place in range(KNOTS + 1)]),
        digests=digests,
    )


def _kind(one: ColumnProfile, two: ColumnProfile) -> Kind:
    if one.kind == two.kind or not two.totals.distinct:
        return one.kind
    if not one.totals.distinct:
        return two.kind
    if {one.kind, two.kind} == {"integer", "float"}:
        return "float"
    raise WrongUse(
        f"merge: the column {one.name!r} is {one.kind} in one part and {two.kind} in another"
    )


def _known(column: ColumnProfile, profile: Profile) -> float:
    """Rows that mean and deviation are of."""
    return float(profile.rows - column.totals.nulls - column.totals.infinite)


def _share_sampled(one: Profile, two: Profile) -> float:
    return (one.sampled + two.sampled) / max(one.rows + two.rows, 1)


def _totals(one: ColumnProfile, two: ColumnProfile, weights: tuple[float, float]) -> Totals:
    a, b = one.totals, two.totals
    shared = _in_both(one.digests, two.digests, DIGESTS)
    mean, deviation = _moments(a, b, weights)
    return Totals(
        nulls=a.nulls + b.nulls,
        distinct=round(_together(a.distinct, b.distinct, shared)),
        minimum=min((v for v in (a.minimum, b.minimum) if v is not None), default=None),
        maximum=max((v for v in (a.maximum, b.maximum) if v is not None), default=None),
        mean=mean,
        deviation=deviation,
        zeros=a.zeros + b.zeros,
        negatives=a.negatives + b.negatives,
        infinite=a.infinite + b.infinite,
        empty=a.empty + b.empty,
    )


def _moments(
    a: Totals, b: Totals, weights: tuple[float, float]
) -> tuple[float | None, float | None]:
    """Mean and deviation of both (Chan et al. 1979)."""
    if a.mean is None or a.deviation is None:
        return b.mean, b.deviation
    if b.mean is None or b.deviation is None:
        return a.mean, a.deviation
    total = sum(weights)
    share, other = weights[0] / total, weights[1] / total
    apart = b.mean - a.mean
    square = share * a.deviation**2 + other * b.deviation**2 + share * other * apart**2
    return a.mean + other * apart, math.sqrt(square)


def _mean(values: tuple[float, float], weights: Sequence[float]) -> float:
    total = sum(weights)
    return sum(v * w for v, w in zip(values, weights, strict=True)) / total if total else 0.0


def _knots(
    one: ColumnProfile, two: ColumnProfile, weights: tuple[float, float]
) -> tuple[Floats, Floats] | None:
    """Values in order and the ranks at which they stand, of both parts; None without any."""
    import numpy as np

    parts = [(np.array(c.knots), w) for c, w in zip((one, two), weights, strict=True) if c.knots]
    if not parts:
        return None
    steps = KNOTS * FINE
    middle = (np.arange(steps) + 0.5) / steps
    # a value that many rows share stands at several knots; between two knots values are taken as even
    values = np.concatenate(
        [np.interp(middle, np.linspace(0, 1, len(knots)), knots) for knots, _ in parts]
    )
    weight = np.concatenate([np.full(steps, w / steps) for _, w in parts])
    order = np.argsort(values, kind="stable")
    values, weight = values[order], weight[order]
    ranks = (np.cumsum(weight) - weight / 2) / weight.sum()
    low, high = min(knots[0] for knots, _ in parts), max(knots[-1] for knots, _ in parts)
    return np.concatenate([[low], values, [high]]), np.concatenate([[0.0], ranks, [1.0]])


def _levels(found: tuple[Floats, Floats] | None, levels: Sequence[float]) -> tuple[float, ...]:
    import numpy as np

    if found is None:
        return ()
    values, ranks = found
    return tuple(np.interp(levels, ranks, values).tolist())


def _noises(found: tuple[Floats, Floats] | None, size: float) -> tuple[float, ...]:
    """The standard error of each quantile, read off the merged ranks around it."""
    if found is None or size <= 0:
        return ()
    errors = [math.sqrt(level * (1 - level) / size) for level in LEVELS]
    low = _levels(found, [max(at - e, 0.0) for at, e in zip(LEVELS, errors, strict=True)])
    high = _levels(found, [min(at + e, 1.0) for at, e in zip(LEVELS, errors, strict=True)])
    return tuple((b - a) / 2 for a, b in zip(low, high, strict=True))


def _shares(
    one: Mapping[str, float], two: Mapping[str, float], rows: tuple[int, int], most: int
) -> dict[str, float]:
    names = {**one, **two}
    shares = {name: _mean((one.get(name, 0.0), two.get(name, 0.0)), rows) for name in names}
    best = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:most]
    return dict(best)


def _counts(one: Profile, two: Profile) -> dict[str, tuple[float, float]]:
    """Rows counted, of so many; a part that has not counted had none."""
    found = {}
    for name in {**one.counts, **two.counts}:
        a = one.counts.get(name, (0.0, float(one.sampled)))
        b = two.counts.get(name, (0.0, float(two.sampled)))
        found[name] = (a[0] + b[0], a[1] + b[1])
    return found


def _gauges(one: Profile, two: Profile) -> dict[str, tuple[float, float]]:
    """Means by rows, with the error of such a mean; a gauge of one part stands for both."""
    found = {}
    total = max(one.rows + two.rows, 1)
    for name in {**one.gauges, **two.gauges}:
        a, b = one.gauges.get(name), two.gauges.get(name)
        if a is None or b is None:
            found[name] = a or b or (0.0, 0.0)
            continue
        share, other = one.rows / total, two.rows / total
        error = math.hypot(share * a[1], other * b[1])
        found[name] = (share * a[0] + other * b[0], error)
    return found
