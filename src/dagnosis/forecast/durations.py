"""How long a run takes and how late it ends: quantiles from the last runs of its task.

A ring of the last 30 successful durations a task, so O(1). Fewer than 5 are completed with those of
everything, scaled to the median; a task without any has those of everything.
"""

from __future__ import annotations

from array import array

import numpy as np

KEPT = 30
FEW = 5


class Ring:
    """The last `KEPT` values."""

    __slots__ = ("at", "values")

    def __init__(self) -> None:
        self.values = array("f")
        self.at = 0

    def add(self, value: float) -> None:
        """Forget the oldest when full."""
        if len(self.values) < KEPT:
            self.values.append(value)
        else:
            self.values[self.at] = value
            self.at = (self.at + 1) % KEPT


class Durations:
    """Seconds from start to end, by task."""

    def __init__(self) -> None:
        self._tasks: dict[str, Ring] = {}
        self._all = Ring()

    def tell(self, task: str, seconds: float) -> None:
        """Count a run that succeeded; failures end early and say nothing about how long it takes."""
        self._tasks.setdefault(task, Ring()).add(seconds)
        self._all.add(seconds)

    def quantiles(
        self, task: str, levels: tuple[float, ...] = (0.5, 0.9), elapsed: float = 0.0
    ) -> tuple[float, ...] | None:
        """Seconds that a run takes in all, given that it has been running for `elapsed`; None where
        nothing ever succeeded.

        The level q is the (q (n + 1))-th smallest of n, as a new value exceeds that with chance 1 - q
        (the conformal quantile); beyond the largest it is the largest. A run that is older than every
        run before it is expected to end now at the earliest.
        """
        ring = self._tasks.get(task)
        own = np.array(ring.values if ring else [])
        if not len(self._all.values):
            return None
        values = own
        if len(own) < FEW:
            every = np.array(self._all.values)
            scale = np.median(own) / max(float(np.median(every)), 1e-9) if len(own) else 1.0
            values = np.concatenate([own, every * scale])
        left = np.sort(values[values > elapsed])
        if not len(left):
            return tuple(elapsed for _ in levels)
        ranks = [min(int(np.ceil(level * (len(left) + 1))), len(left)) - 1 for level in levels]
        return tuple(float(left[rank]) for rank in ranks)
