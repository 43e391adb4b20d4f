"""What one column has looked like: its values, their shapes, the range of its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagnosis.data.profile.shapes import exact_shape, shape
from dagnosis.data.profile.values import Values, digest

if TYPE_CHECKING:
    from dagnosis.data.memory.found import Flags, Floats, Found, Integers

VALUES = 20_000
"""Distinct values remembered of a column; a column with more is open, new values say nothing."""
SHAPES = 2_000
"""Shapes remembered of a text column."""
BINS = 24
"""Quantile bins of a number in the tables of pairs."""
LEVELS = 96
"""Values of a text in the tables of pairs; what is rarer shares one level."""
MARKS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98)
"""Quantiles of the first batch; the share of rows up to each of them is followed from then on."""
NUMBERS = {"integer", "float"}


class ColumnMemory:
    """One column: values and shapes seen, the range of its numbers, its levels in pair tables."""

    def __init__(self, values: Values) -> None:
        import numpy as np

        self.kind = values.kind
        self.values: dict[int, int] | None = {}
        self.rows = 0
        self.marks: list[float] = []
        self.shapes: dict[int, int] | None = {}
        self.low, self.high = float("inf"), float("-inf")
        self.edges: Floats | None = None
        self.levels: dict[object, int] = {}
        counts = values.counts()
        finite = np.empty(0)
        if values.numbers is not None:
            finite = values.numbers[np.isfinite(values.numbers)]
        if len(finite) and values.kind in NUMBERS:
            self.marks = np.unique(np.quantile(finite, MARKS)).tolist()
        if len(finite) and len(values.uniques) > BINS * 2:
            self.edges = np.unique(np.quantile(finite, np.linspace(0, 1, BINS + 1)[1:-1]))
        else:
            best = np.argsort(-counts, kind="stable")[: LEVELS // 2]
            self.levels = {values.uniques[code]: place + 2 for place, code in enumerate(best)}

    @property
    def size(self) -> int:
        """Levels of this column: 0 is null, 1 what is rare or new."""
        return LEVELS if self.edges is None else len(self.edges) + 3

    def level(self, values: Values, learn: bool = False) -> Integers:
        """The level of each row."""
        import numpy as np

        if self.edges is not None and values.numbers is not None:
            binned = np.searchsorted(self.edges, values.numbers, side="right") + 2
            return np.where(values.nulls, 0, binned)
        if learn:
            for value in values.uniques:
                if len(self.levels) < LEVELS - 2:
                    self.levels.setdefault(value, len(self.levels) + 2)
        table = [self.levels.get(value, 1) for value in values.uniques] + [0]
        return np.array(table, np.int64)[values.codes]

    def holds(self, values: Values) -> bool:
        """Whether the values are of this column's kind; integers and other numbers are of one."""
        return self.kind == values.kind or {self.kind, values.kind} == NUMBERS

    def measure(self, values: Values, found: Found) -> None:
        """Count rows with a new value, a new shape, a number out of the range."""
        import numpy as np

        name = values.field.name

        def rows(flags: list[bool]) -> Flags:
            # the last entry is that of null, whose code is -1
            return np.array([*flags, False], bool)[values.codes]

        if self.values is not None:
            known = self.values
            new = [name not in known for name in values.digests]
            found.count(f"{name}|new value", rows(new))
            self._swelling(values, known, found)
        if values.kind == "text" and self.shapes is not None:
            seen = self.shapes
            new = [digest(shape(text)) not in seen for text in values.uniques]
            found.count(f"{name}|new shape", rows(new))
            new = [digest(exact_shape(text)) not in seen for text in values.uniques]
            found.count(f"{name}|new exact shape", rows(new))
        if values.numbers is not None and self.low <= self.high and values.kind != "time":
            margin = 0.02 * (self.high - self.low)
            below = values.numbers < self.low - margin * (self.low != 0)
            above = values.numbers > self.high + margin
            found.count(f"{name}|below range", below)
            found.count(f"{name}|above range", above)
            for mark in self.marks:
                found.count(f"{name}|up to {mark:g}", values.numbers <= mark)

    def _swelling(self, values: Values, known: dict[int, int], found: Found) -> None:
        """By how much the value that gained most gained, as the arcsine of the root of its share."""
        import numpy as np

        if not self.rows or not len(values.uniques):
            return
        usual = np.array([known.get(name, 0) for name in values.digests]) / self.rows
        now = np.sqrt(values.counts() / len(values))
        gain = np.arcsin(np.minimum(now, 1.0)) - np.arcsin(np.sqrt(np.minimum(usual, 1.0)))
        found.gauge(f"{values.field.name}|one value more", gain.max(), 0.5 / len(values) ** 0.5)

    def learn(self, values: Values) -> None:
        """Take the values in."""
        import numpy as np

        counts = values.counts().tolist()
        self.rows += len(values)
        self.values = _added(self.values, values.digests, counts, VALUES)
        if values.kind == "text":
            for form in (shape, exact_shape):
                names = (digest(form(text)) for text in values.uniques)
                self.shapes = _added(self.shapes, names, counts, SHAPES)
        if values.numbers is not None:
            finite = values.numbers[np.isfinite(values.numbers)]
            if len(finite):
                self.low = min(self.low, float(finite.min()))
                self.high = max(self.high, float(finite.max()))


def _added(
    seen: dict[int, int] | None, names: object, counts: list[int], most: int
) -> dict[int, int] | None:
    if seen is None:
        return None
    for name, count in zip(names, counts, strict=True):  # type: ignore[call-overload]
        seen[name] = seen.get(name, 0) + count
    return seen if len(seen) <= most else None
