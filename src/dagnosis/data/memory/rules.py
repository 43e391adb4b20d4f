"""What a value of one column decides in the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagnosis.data.memory.found import Flags, Found, Integers
    from dagnosis.data.profile.values import Values

KEYS = 20_000
"""Values remembered of a column that decides others."""
SURE, OFTEN = 0.9, 3
"""A value decides another column when it was seen `OFTEN` times and in `SURE` of them beside one value."""
DECIDING = 12
"""Distinct values from which a column may decide others."""


class Rules:
    """What a value of one column decides in the others: the flight number its destination."""

    def __init__(self) -> None:
        self.places: dict[int, int] = {}
        self.tables: dict[str, Integers] = {}

    def _keys(self, values: Values, learn: bool) -> Integers:
        import numpy as np

        names = values.digests
        if learn:
            for name in names:
                if len(self.places) < KEYS:
                    self.places.setdefault(name, len(self.places))
        table = [self.places.get(name, -1) for name in names] + [-1]
        return np.array(table, np.int64)[values.codes]

    def learn(self, values: Values, levels: dict[str, Integers]) -> None:
        """Count, for each value and each other column, how often it stood beside the same value.

        The rows of a table are the value beside it, how often that was so, and how often it was not;
        the value gives way when it was outvoted (Boyer and Moore 1981).
        """
        import numpy as np

        keys = self._keys(values, learn=True)
        known = keys >= 0
        for name, beside in levels.items():
            if name == values.field.name:
                continue
            table = self.tables.get(name, np.zeros((3, 0), np.int64))
            grown = np.zeros((3, len(self.places)), np.int64)
            grown[:, : table.shape[1]] = table
            new = known & (grown[1, keys] == 0)
            grown[0, keys[new]] = beside[new]
            agrees = grown[0, keys] == beside
            size = grown.shape[1]
            yes = np.bincount(keys[known & agrees], minlength=size)
            no = np.bincount(keys[known & ~agrees], minlength=size)
            grown[1] += yes
            grown[2] += no
            outvoted = grown[2] > grown[1]
            grown[1:, outvoted] = 0
            self.tables[name] = grown

    def measure(
        self,
        values: Values,
        levels: dict[str, Integers],
        against: dict[str, Flags],
        found: Found,
    ) -> None:
        """Mark the rows in which a value stands beside another than it always did."""
        import numpy as np

        keys = self._keys(values, learn=False)
        broken = np.zeros(len(keys), bool)
        for name, table in self.tables.items():
            if name not in levels or not table.shape[1]:
                continue
            total = table[1] + table[2]
            sure = (total >= OFTEN) & (table[1] >= SURE * total)
            # a column with one value almost everywhere is decided by anything
            most = np.bincount(table[0][sure], minlength=1).max(initial=0)
            if sure.sum() < len(total) * 0.2 or most > sure.sum() * 0.95:
                continue
            flags = (keys >= 0) & sure[keys] & (table[0, keys] != levels[name])
            against[name] |= flags
            broken |= flags
        found.count(f"{values.field.name}|breaks rules", broken)
