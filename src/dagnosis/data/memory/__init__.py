"""What the rows of a table have looked like so far: values, shapes, ranges, and what goes with what.

A profile says how much of each value a batch has; only rows show that a value is new, or that two
columns no longer belong together. So a table has a memory, bounded and without a row in it: hashes of
values and shapes, contingency tables, sums. `measure` counts the rows of a batch that contradict it;
the counts become part of the profile. `learn` takes the batch in afterwards, when it was found right
or was accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from dagnosis.data.freezing import frozen, restored
from dagnosis.data.memory.columns import ColumnMemory
from dagnosis.data.memory.found import Found
from dagnosis.data.memory.lines import Lines
from dagnosis.data.memory.pairs import Pairs
from dagnosis.data.memory.rules import DECIDING, Rules
from dagnosis.data.profile.values import Rows, digest

if TYPE_CHECKING:
    from dagnosis.data.memory.found import Flags, Integers

COLUMNS = 24
"""Columns whose pairs are remembered: 276 pairs. The first ones of a wider table."""
VERSION = 1
"""Version of the stored form."""


BLAMED = 300
"""Columns up to which the one is looked for that makes a pattern of nulls new."""


class Memory:
    """The memory of one table. `batches` is how many it has taken in."""

    def __init__(self) -> None:
        self.batches = 0
        self.columns: dict[str, ColumnMemory] = {}
        self.masks: dict[int, int] = {}
        self.pairs = Pairs()
        self.rules: dict[str, Rules] = {}
        self.lines = Lines()

    def measure(self, rows: Rows) -> Found:
        """How many rows of a batch contradict the memory, by measure; empty before the first batch."""
        import numpy as np

        found = Found(rows.sampled)
        if not self.batches or not rows.sampled:
            return found
        for name, values in rows.columns.items():
            column = self.columns.get(name)
            if column is not None and column.holds(values):
                column.measure(values, found)
        self._measure_masks(rows, found)
        levels = self._levels(rows)
        self.pairs.measure(levels, found)
        # numbers in bins are left out: a value beside the edge of a bin breaks no rule
        exact = {name: level for name, level in levels.items() if self.columns[name].edges is None}
        against = {name: np.zeros(rows.sampled, bool) for name in exact}
        for name, rules in self.rules.items():
            if name in levels:
                rules.measure(rows.columns[name], exact, against, found)
        for name, flags in against.items():
            found.count(f"{name}|against rules", flags)
        self.lines.measure(rows, found)
        return found

    def _measure_masks(self, rows: Rows, found: Found) -> None:
        """Rows whose nulls were never seen in that combination, by the column that makes it new."""
        import numpy as np

        masks, which, _, patterns = _masks(rows)
        names = sorted(rows.columns)
        new: dict[str, list[int]] = {name: [] for name in ("*", *names)}
        for place, mask in enumerate(masks):
            if mask in self.masks:
                continue
            guilty = [
                name
                for column, name in enumerate(names if len(names) <= BLAMED else ())
                if _mask(names, _flipped(patterns[place], column)) in self.masks
            ]
            for name in guilty[:1] or ["*"]:
                new[name].append(place)
        for name, places in new.items():
            found.count(f"{name}|new null pattern", np.isin(which, places))

    def learn(self, rows: Rows) -> None:
        """Take a batch in."""
        if not rows.sampled:
            return
        self.batches += 1
        for name, values in rows.columns.items():
            column = self.columns.get(name)
            if column is None or not column.holds(values):
                if values.nulls.all():
                    continue
                column = self.columns[name] = ColumnMemory(values)
                self.pairs.forget(name)
                self.rules = {key: r for key, r in self.rules.items() if key != name}
            column.learn(values)
        masks, _, counts, _ = _masks(rows)
        for mask, count in zip(masks, counts, strict=True):
            self.masks[mask] = self.masks.get(mask, 0) + count
        levels = self._levels(rows, learn=True)
        self.pairs.learn(levels, {name: self.columns[name].size for name in levels})
        exact = {name: level for name, level in levels.items() if self.columns[name].edges is None}
        for name in levels:
            values = rows.columns[name]
            if values.kind in ("text", "integer") and len(values.uniques) > DECIDING:
                self.rules.setdefault(name, Rules())
            if name in self.rules:
                self.rules[name].learn(values, exact)
        self.lines.learn(rows)

    def _levels(self, rows: Rows, learn: bool = False) -> dict[str, Integers]:
        names = [n for n in self.columns if n in rows.columns][:COLUMNS]
        return {
            name: self.columns[name].level(rows.columns[name], learn)
            for name in names
            if self.columns[name].holds(rows.columns[name])
        }

    def dump(self) -> bytes:
        """The memory as bytes (MessagePack: data only, nothing in it runs)."""
        parts = {
            "version": VERSION,
            "batches": self.batches,
            "masks": self.masks,
            "columns": {name: frozen(vars(column)) for name, column in self.columns.items()},
            "pairs": frozen(vars(self.pairs)),
            "rules": {name: frozen(vars(rules)) for name, rules in self.rules.items()},
            "lines": frozen(vars(self.lines)),
        }
        return msgspec.msgpack.encode(parts)

    @classmethod
    def load(cls, data: bytes) -> Memory | None:
        """The memory from `dump`; None for one of another version, which has to be learned anew."""
        parts = msgspec.msgpack.decode(data, strict=False)
        if parts.get("version") != VERSION:
            return None
        memory = cls()
        memory.batches, memory.masks = parts["batches"], parts["masks"]
        memory.columns = {n: restored(ColumnMemory, s) for n, s in parts["columns"].items()}
        memory.pairs = restored(Pairs, parts["pairs"])
        memory.rules = {n: restored(Rules, s) for n, s in parts["rules"].items()}
        memory.lines = restored(Lines, parts["lines"])
        return memory


def _masks(rows: Rows) -> tuple[list[int], Integers, list[int], list[Flags]]:
    """The patterns of nulls over all columns: their hashes, which row has which, how many rows, and
    the flags themselves."""
    import numpy as np

    names = sorted(rows.columns)
    flags = np.stack([rows.columns[name].nulls for name in names], 1)
    found, which, counts = np.unique(
        np.packbits(flags, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    patterns = list(np.unpackbits(found, axis=1, count=len(names)).astype(bool))
    hashes = [_mask(names, pattern) for pattern in patterns]
    return hashes, which.reshape(-1), counts.tolist(), patterns


def _mask(names: list[str], pattern: Flags) -> int:
    """The hash of a pattern of nulls: that of the names of its null columns."""
    return digest([name for name, null in zip(names, pattern, strict=True) if null])


def _flipped(pattern: Flags, column: int) -> Flags:
    changed = pattern.copy()
    changed[column] = not changed[column]
    return changed
