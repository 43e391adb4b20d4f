"""A batch in one pass: exact counts from the engine, the rest from rows that the same code reads.

An engine has three questions to answer, see `Engine`; what it answers goes through one function, so
the profile of the same rows is the same whether DuckDB, a warehouse or Spark counted them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec

from dagnosis.data.profile.shapes import shape
from dagnosis.data.profile.values import (
    DIGESTS,
    HASHES,
    KNOTS,
    LEVELS,
    SAMPLE,
    TOP,
    ColumnProfile,
    Field,
    Profile,
    Rows,
    Totals,
    Values,
)

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SHAPES = 30
"""Shapes kept of a column."""


class Engine(Protocol):
    """Something that holds a batch and can count.

    `fields` raises `UnreadableInput` for what cannot be read, `ServiceUnreachable` for a service
    that does not answer; the others are called after it and may raise the same.
    """

    def fields(self) -> list[Field]:
        """The columns in their order; names are unique."""
        ...

    def totals(self) -> tuple[int, dict[str, Totals]]:
        """The number of rows, and exact counts of each column over all of them, in one query."""
        ...

    def rows(self, limit: int) -> list[Values]:
        """All rows if there are no more than `limit`, else a random sample of about so many."""
        ...


def read(engine: Engine) -> tuple[int, dict[str, Totals], Rows]:
    """Ask an engine everything: the rows of the batch, its totals, its sample."""
    engine.fields()
    total, totals = engine.totals()
    return total, totals, Rows(engine.rows(SAMPLE), total)


def profile(engine: Engine, *, dataset: str = "", partition: str = "", run: str = "") -> Profile:
    """The profile of the batch that `engine` holds. An empty batch has a profile too."""
    _, totals, rows = read(engine)
    return profile_rows(rows, totals, dataset=dataset, partition=partition, run=run)


def profile_rows(
    rows: Rows, totals: dict[str, Totals], *, dataset: str = "", partition: str = "", run: str = ""
) -> Profile:
    """The profile of rows that were read, with the totals that the engine counted."""
    columns = tuple(
        _column(values, _counted(totals[name], values, rows))
        for name, values in rows.columns.items()
    )
    everything, content = row_hashes(rows)
    return Profile(
        dataset=dataset,
        partition=partition,
        run=run,
        rows=rows.total,
        columns=columns,
        sampled=rows.sampled,
        duplicates=repeated(everything),
        hashes=_smallest(everything),
        content_hashes=_smallest(content),
    )


def _counted(totals: Totals, values: Values, rows: Rows) -> Totals:
    """Engines estimate distinct values, each in its own way; rows that are at hand are counted."""
    if rows.sampled < rows.total:
        return totals
    return msgspec.structs.replace(totals, distinct=len(values.uniques))


def _column(values: Values, totals: Totals) -> ColumnProfile:
    import numpy as np

    field, size = values.field, max(len(values), 1)
    counts = values.counts()
    measured = np.empty(0)
    if values.numbers is not None:
        measured = np.sort(values.numbers[np.isfinite(values.numbers)])
    if values.kind == "text":
        padded = np.array([text != text.strip() for text in values.uniques], bool)
        shapes = _shares((shape(text) for text in values.uniques), counts, size, SHAPES)
    else:
        padded, shapes = np.zeros(len(counts), bool), {}
    top = {}
    if values.kind != "time" and (len(counts) <= TOP * 5 or counts.max(initial=0) > size / 100):
        top = _shares((_shown(value) for value in values.uniques), counts, size, TOP)
    fractions = float(np.mean(measured != np.floor(measured))) if len(measured) else 0.0
    return ColumnProfile(
        name=field.name,
        kind=field.kind,
        type=field.type,
        totals=totals,
        quantiles=tuple(np.quantile(measured, LEVELS).tolist()) if len(measured) else (),
        noises=_noises(measured),
        top=top,
        shapes=shapes,
        fractions=fractions if field.kind == "float" else 0.0,
        padded=float(counts[padded].sum()) / size,
        knots=tuple(np.quantile(measured, np.linspace(0, 1, KNOTS + 1)).tolist())
        if len(measured)
        else (),
        digests=tuple(sorted(values.digests)[:DIGESTS]),
    )


def _noises(ordered: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """The standard error of each quantile, read off the order statistics around it.

    A value that many rows share makes a quantile stand still until it jumps to the next one, so the
    error is no less than a quarter of the way between the values on both sides.
    """
    import numpy as np

    size = len(ordered)
    if not size:
        return ()
    levels = np.array(LEVELS)
    error = np.sqrt(levels * (1 - levels) / size)
    low = np.quantile(ordered, np.clip(levels - error, 0, 1))
    high = np.quantile(ordered, np.clip(levels + error, 0, 1))
    at = np.quantile(ordered, levels)
    below = ordered[np.maximum(np.searchsorted(ordered, at, "left") - 1, 0)]
    above = ordered[np.minimum(np.searchsorted(ordered, at, "right"), size - 1)]
    return tuple(np.maximum((high - low) / 2, (above - below) / 4).tolist())


def _shown(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _shares(names: object, counts: npt.NDArray[np.int64], size: int, most: int) -> dict[str, float]:
    found: dict[str, int] = {}
    for name, count in zip(names, counts.tolist(), strict=True):  # type: ignore[call-overload]
        found[name] = found.get(name, 0) + count
    best = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:most]
    return {name[:200]: count / size for name, count in best}


def row_hashes(rows: Rows) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """A hash of each row: of all its columns, and of those that hold no time."""
    import numpy as np

    everything = np.zeros(rows.sampled, np.uint64)
    content = np.zeros(rows.sampled, np.uint64)
    for name in sorted(rows.columns):
        values = rows.columns[name]
        hashed = values.hashes()
        everything = _mixed(everything, hashed)
        if values.kind != "time":
            content = _mixed(content, hashed)
    return everything, content


def _mixed(state: npt.NDArray[np.uint64], hashed: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    import numpy as np

    with np.errstate(over="ignore"):
        state = (state ^ hashed) * np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing, Knuth 6.4
        return state ^ (state >> np.uint64(29))


def repeated(hashed: npt.NDArray[np.uint64]) -> float:
    """The share of rows that repeat an earlier one."""
    import numpy as np

    return 1 - len(np.unique(hashed)) / len(hashed) if len(hashed) else 0.0


def _smallest(hashed: npt.NDArray[np.uint64]) -> tuple[int, ...]:
    import numpy as np

    return tuple(np.unique(hashed)[:HASHES].tolist())
