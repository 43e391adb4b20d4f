"""The frozen values of a profile, and the rows that it was made from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Kind: TypeAlias = Literal["integer", "float", "boolean", "text", "time", "other"]

VERSION = 1
"""Version of a stored profile; a profile of another version is measured anew or left alone."""
SAMPLE = 1 << 16
"""Rows that are looked at one by one. A batch of no more rows is looked at whole; of a larger one the
counts are exact and all that needs rows is taken from a sample of this size."""
HASHES = 256
"""Smallest row hashes kept: the overlap of two batches is known to about ±0.06 then."""
TOP = 60
"""Most frequent values kept of a column."""
KNOTS = 32
"""Equal parts into which a profile divides the finite values of a column: merged quantiles are off by
no more than one of them, in rank."""
DIGESTS = 32
"""Smallest hashes of a column's values that are kept: how many two parts have in common is known to
about ±0.09 then, and exactly where neither has more values."""
LEVELS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""The quantiles of a profile."""


class Field(msgspec.Struct, frozen=True):
    """A column as the engine declares it: name, kind, and the engine's own name of the type."""

    name: str
    kind: Kind
    type: str


class Totals(msgspec.Struct, frozen=True):
    """What an engine counts of one column over all rows; None where there was no value.

    Times are seconds since 1970 in UTC. `mean`, `deviation` (of the population), `minimum` and
    `maximum` are of the finite values of a number or a time, or of the length of a text.
    """

    nulls: int = 0
    distinct: int = 0
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    deviation: float | None = None
    zeros: int = 0
    negatives: int = 0
    infinite: int = 0
    empty: int = 0


class ColumnProfile(msgspec.Struct, frozen=True):
    """One column: what the engine counted, and what the rows show.

    `quantiles` are those of `LEVELS` of the finite numbers and times (empty without one), `noises`
    their standard errors, `top` the most frequent values with their share of all rows, `shapes` the shares of their patterns (text only),
    `fractions` the share of numbers that are no integers, `padded` of texts with blanks around.
    `knots` (the ends of `KNOTS` equal parts) and `digests` are what merging needs.
    """

    name: str
    kind: Kind
    type: str
    totals: Totals
    quantiles: tuple[float, ...] = ()
    noises: tuple[float, ...] = ()
    top: dict[str, float] = {}
    shapes: dict[str, float] = {}
    fractions: float = 0.0
    padded: float = 0.0
    knots: tuple[float, ...] = ()
    digests: tuple[int, ...] = ()


class Profile(msgspec.Struct, frozen=True):
    """A batch in a few kilobytes: no rows, only counts, quantiles and frequent values.

    `duplicates` is the share of rows that repeat another; `hashes` are the `HASHES` smallest row
    hashes, `content_hashes` the same without columns of time, so that a copy with a new date is
    still a copy. `counts` (rows, of so many rows) and `gauges` (value, standard error) are what the
    batch showed against the memory of its table at that time.
    """

    dataset: str
    partition: str
    run: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    sampled: int = 0
    duplicates: float = 0.0
    hashes: tuple[int, ...] = ()
    content_hashes: tuple[int, ...] = ()
    counts: dict[str, tuple[float, float]] = {}
    gauges: dict[str, tuple[float, float]] = {}
    version: int = VERSION

    def column(self, name: str) -> ColumnProfile | None:
        """The column of that name, None where the batch has none."""
        return next((column for column in self.columns if column.name == name), None)


def digest(value: object) -> int:
    """A 64-bit hash of a value that is the same in every process and engine."""
    return int.from_bytes(blake2b(repr(value).encode("utf-8", "replace"), digest_size=8).digest())


class Values:
    """The values of one column, row by row: `codes` point into `uniques`, -1 is null.

    `numbers` holds the value of a number, a boolean or a time (seconds), and NaN for null; it is
    None for other kinds. NaN counts as null, an infinity as a value.
    """

    def __init__(self, field: Field, raw: Any) -> None:
        import numpy as np

        self.field = field
        self.kind: Kind = field.kind
        self.numbers: npt.NDArray[np.float64] | None = None
        if field.kind in ("text", "other"):
            self.codes, self.uniques = _coded(raw)
        else:
            self.numbers = numbers = np.asarray(raw, dtype=np.float64)
            found, inverse = np.unique(numbers, return_inverse=True)
            nulls = np.isnan(numbers)
            self.codes = np.where(nulls, -1, inverse.reshape(-1)).astype(np.int64)
            self.uniques = found[~np.isnan(found)].tolist()
        self.nulls: npt.NDArray[np.bool_] = self.codes < 0

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def digests(self) -> list[int]:
        """The hash of each unique value."""
        return [digest(value) for value in self.uniques]

    def shown(self, row: int) -> Any:
        """The value of a row as people read it; None for null, a time as ISO 8601."""
        code = int(self.codes[row])
        if code < 0:
            return None
        value: Any = self.uniques[code]
        if self.kind == "boolean":
            return bool(value)
        if self.kind == "time" and abs(value) < 2e11:
            return datetime.fromtimestamp(value, timezone.utc).isoformat()
        return int(value) if self.kind == "integer" and abs(value) < 2**63 else value

    def texts(self) -> list[str]:
        """The cells of a text column, null as the empty text."""
        table = [*map(str, self.uniques), ""]
        return [table[code] for code in self.codes.tolist()]

    def hashes(self) -> npt.NDArray[np.uint64]:
        """The hash of each row's value; null has one of its own."""
        import numpy as np

        table = np.array([*self.digests, digest(None)], np.uint64)
        hashed: npt.NDArray[np.uint64] = table[self.codes]  # -1 is the last, that of null
        return hashed

    def counts(self) -> npt.NDArray[np.int64]:
        """How often each unique value occurs."""
        import numpy as np

        return np.bincount(self.codes[~self.nulls], minlength=len(self.uniques))


def _coded(raw: Iterable[object]) -> tuple[npt.NDArray[np.int64], list[str]]:
    import numpy as np

    places: dict[object, int] = {None: -1}
    uniques: list[str] = []
    codes = np.empty(len(raw), np.int64)  # type: ignore[arg-type]
    for row, value in enumerate(raw):
        code = places.get(value)
        if code is None:
            code = places[value] = len(uniques)
            uniques.append(str(value))
        codes[row] = code
    return codes, uniques


class Rows:
    """Rows of a batch, column by column; `total` is the number of rows of the whole batch."""

    def __init__(self, columns: Iterable[Values], total: int) -> None:
        self.columns = {values.field.name: values for values in columns}
        self.total = total
        self.sampled = len(next(iter(self.columns.values()))) if self.columns else 0
