"""Which values of two columns go together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagnosis.data.memory.found import Floats, Found, Integers

EXPECTED, FEW = 10.0, 0.05
"""A pair of values contradicts the past when it was to be expected `EXPECTED` times from how often
each value occurs, and occurred less than `FEW` times as often."""
RELATED = 0.02
"""Mutual information (nats) from which two columns say something of each other."""
PARTNERS = 3
"""Other columns with which the belonging of a column is followed."""
CHOICES = (8, 60)
"""Batches after which these are chosen; what was followed stays, or its past would be lost."""


class Pairs:
    """A contingency table for each pair of columns, over the levels of their values."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Integers]] = {}
        self.followed: list[str] = []
        self.batches = 0

    def forget(self, name: str) -> None:
        """Drop the tables of a column, whose levels mean something else now."""
        self.tables.pop(name, None)
        for tables in self.tables.values():
            tables.pop(name, None)

    def learn(self, levels: dict[str, Integers], sizes: dict[str, int]) -> None:
        """Add the rows of a batch."""
        import numpy as np

        self.batches += 1
        names = list(levels)
        for place, one in enumerate(names):
            for two in names[place + 1 :]:
                shape_ = (sizes[one], sizes[two])
                table = self.tables.setdefault(one, {}).get(two)
                if table is None:
                    table = self.tables[one][two] = np.zeros(shape_, np.int64)
                flat = levels[one] * shape_[1] + levels[two]
                table += np.bincount(flat, minlength=table.size).reshape(shape_)

        if self.batches in CHOICES:
            self._choose()

    def _choose(self) -> None:
        """Follow the pairs that say most of each other, the best partners of each column."""
        partners: dict[str, list[tuple[float, str]]] = {}
        for one, two, table in self._all():
            information = float((table * _lift(table)[0]).sum() / table.sum())
            if information > RELATED:
                pair = "~".join(sorted((one, two)))
                for name in (one, two):
                    partners.setdefault(name, []).append((information, pair))
        best = {pair for found in partners.values() for _, pair in sorted(found)[-PARTNERS:]}
        self.followed = sorted({*self.followed, *best})

    def _all(self) -> Iterator[tuple[str, str, Integers]]:
        for one, tables in self.tables.items():
            for two, table in tables.items():
                yield one, two, table

    def measure(self, levels: dict[str, Integers], found: Found) -> None:
        """Rows whose values do not go together, and how much pairs of columns say of each other."""
        import numpy as np

        odd = {name: np.zeros(int(found.size), np.int64) for name in levels}
        followed = set(self.followed)
        for one, two, table in self._all():
            if one not in levels or two not in levels:
                continue
            lift, expected = _lift(table)
            seen = lift[levels[one], levels[two]]
            common = expected[levels[one], levels[two]] >= EXPECTED
            contradicts = (seen < np.log(FEW)) & common
            odd[one] += contradicts
            odd[two] += contradicts
            pair = "~".join(sorted((one, two)))
            if pair in followed:
                noise = float(seen.std()) / max(len(seen), 1) ** 0.5
                found.gauge(f"{pair}|belonging", float(seen.mean()), max(noise, 1e-3))
        for name, rows_odd in odd.items():
            found.count(f"{name}|odd beside others", rows_odd > 0)
            found.count(f"{name}|odd beside two", rows_odd > 1)


def _lift(table: Integers) -> tuple[Floats, Floats]:
    """Log of how much more often a pair occurred than its values alone say, and that expectation."""
    import numpy as np

    expected = np.outer(table.sum(1), table.sum(0)) / max(table.sum(), 1)
    return np.log((table + 0.5) / (expected + 0.5)), expected
