"""Each number as a line of the others."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagnosis.data.memory.found import Floats, Found
    from dagnosis.data.profile.values import Rows

COLUMNS = 24
"""Numbers that are held against each other."""
FAR = 1.5
"""A row is off a line when it misses it by more than so many times the usual 99 % of a batch."""


class Lines:
    """Each number as a line of the others: least squares from sums that can be added up."""

    FADE = 0.98

    def __init__(self) -> None:
        self.names: list[str] = []
        self.sums: Floats | None = None
        self.usual: dict[str, float] = {}

    def _table(self, rows: Rows) -> Floats | None:
        import numpy as np

        if any(name not in rows.columns for name in self.names) or len(self.names) < 2:
            return None
        columns = [rows.columns[name].numbers for name in self.names]
        if any(numbers is None for numbers in columns):
            return None
        table = np.stack([*columns, np.ones(rows.sampled)], 1)  # type: ignore[list-item]
        table[~np.isfinite(table)] = np.nan
        return table

    def learn(self, rows: Rows) -> None:
        """Add the complete rows of a batch; the columns are those of the first batch."""
        import numpy as np

        if not self.names:
            self.names = [
                name
                for name, values in rows.columns.items()
                if values.kind in ("integer", "float") and values.nulls.mean() < 0.5
            ][:COLUMNS]
        table = self._table(rows)
        if table is None:
            return
        complete = table[~np.isnan(table).any(1)]
        for name, far in self._missed(complete).items():
            ninety_nine = float(np.quantile(far, 0.99)) if len(far) > 20 else 0.0
            old = self.usual.get(name)
            self.usual[name] = ninety_nine if old is None else 0.9 * old + 0.1 * ninety_nine
        self.sums = (0.0 if self.sums is None else self.sums * self.FADE) + complete.T @ complete

    def measure(self, rows: Rows, found: Found) -> None:
        """Rows that are off their line, and how far a usual row misses it."""
        import numpy as np

        table = self._table(rows)
        if table is None:
            return
        complete = ~np.isnan(table).any(1)
        for name, far in self._missed(table[complete]).items():
            usual = self.usual.get(name)
            if usual is None or not len(far):
                continue
            limit = FAR * usual + 1e-6 * self._spread(name)
            off = np.zeros(rows.sampled, bool)
            off[complete] = far > limit
            found.count(f"{name}|off its line", off)
            middle = float(np.log(np.median(far) + 1e-3 * self._spread(name) + 1e-12))
            found.gauge(f"{name}|distance to line", middle, 1.0 / len(far) ** 0.5)

    def _spread(self, name: str) -> float:
        assert self.sums is not None
        place, size = self.names.index(name), max(self.sums[-1, -1], 1.0)
        mean = self.sums[place, -1] / size
        variance = float(self.sums[place, place] / size - mean**2)
        return math.sqrt(max(variance, 0.0))

    def _missed(self, complete: Floats) -> dict[str, Floats]:
        """How far each complete row misses the line of each column."""
        import numpy as np

        if self.sums is None or self.sums[-1, -1] < 10 * len(self.names):
            return {}
        scale = np.sqrt(np.maximum(np.diag(self.sums) / self.sums[-1, -1], 1e-300))
        gram = self.sums / np.outer(scale, scale) / self.sums[-1, -1]
        scaled = complete / scale
        missed = {}
        for place, name in enumerate(self.names):
            others = [other for other in range(len(scale)) if other != place]
            left = gram[np.ix_(others, others)] + 1e-9 * np.eye(len(others))
            weights = np.linalg.solve(left, gram[others, place])
            missed[name] = np.abs(scaled[:, place] - scaled[:, others] @ weights) * scale[place]
        return missed
