"""How long a run takes and when it ends: quantiles from the last runs of its task.

Rings of the last durations of a task, so O(1). A task with few of its own is completed with those of
everything, as multiples of a task's median; a task without any has those of everything as they are.
Two clocks: `seconds` run from the start of a run, `total` from when it was asked for.
"""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

KEPT = 30
FAILED = 12
"""Durations kept of a task: of successes, of failures."""
FEW = 5
EVERY = 500
"""Durations kept of everything."""
OWN = 5.0
"""So many durations of everything weigh as much as those of a task's own."""


class Ring:
    """The last values, so many at most."""

    __slots__ = ("at", "most", "values")

    def __init__(self, most: int = KEPT) -> None:
        self.values = array("f")
        self.at = 0
        self.most = most

    def add(self, value: float) -> None:
        """Forget the oldest when full."""
        if len(self.values) < self.most:
            self.values.append(value)
        else:
            self.values[self.at] = value
            self.at = (self.at + 1) % self.most

    def array(self) -> NDArray[np.float64]:
        """The values, in no order."""
        return np.array(self.values, np.float64)


class _Task:
    __slots__ = ("failed", "seconds", "total")

    def __init__(self) -> None:
        self.seconds = Ring()
        self.total = Ring()
        self.failed = Ring(FAILED)


class Durations:
    """What is known of each task, and of everything."""

    def __init__(self) -> None:
        self._tasks: dict[str, _Task] = {}
        self._all = _Task()
        self._relative = Ring(EVERY), Ring(EVERY)
        """Totals of successes and of failures, as multiples of the task's median."""

    def tell(
        self, task: str, seconds: float, total: float | None = None, failed: bool = False
    ) -> None:
        """Count a run that ended: how long it ran, and how long after it was asked for it ended (as
        long, where not given). A failure says nothing about how long a success takes."""
        total = seconds if total is None else total
        mine = self._tasks.setdefault(task, _Task())
        if len(mine.total.values):
            self._relative[failed].add(total / _median(mine.total))
        if failed:
            mine.failed.add(total)
            return
        for known in (mine, self._all):
            known.seconds.add(seconds)
            known.total.add(total)

    def quantiles(
        self, task: str, levels: tuple[float, ...] = (0.5, 0.9), elapsed: float = 0.0
    ) -> tuple[float, ...] | None:
        """Seconds that a run takes in all, given that it has been running for `elapsed`; None where
        nothing ever succeeded.

        The level q is the (q (n + 1))-th smallest of n, as a new value exceeds that with chance 1 - q
        (the conformal quantile); beyond the largest it is the largest. A run that is older than every
        run before it is expected to end now at the earliest.
        """
        mine = self._tasks.get(task)
        return _quantiles(mine.seconds if mine else None, self._all.seconds, levels, elapsed)

    def ends(
        self, task: str, levels: tuple[float, ...] = (0.5, 0.9), elapsed: float = 0.0
    ) -> tuple[float, ...] | None:
        """The same from when a run was asked for until it ends: how late it will be."""
        mine = self._tasks.get(task)
        return _quantiles(mine.total if mine else None, self._all.total, levels, elapsed)

    def after(self, task: str, deadline: float, elapsed: float = 0.0) -> float | None:
        """The chance that a run ends later than `deadline` seconds after it was asked for, given that
        it had not ended after `elapsed`; None where nothing ever succeeded.

        Of n totals beyond `elapsed` k are beyond the deadline: (k + 0.5) / (n + 1).
        """
        mine = self._tasks.get(task)
        totals = _completed(mine.total if mine else None, self._all.total)
        if totals is None:
            return None
        if elapsed > deadline:
            return 1.0
        left = totals[totals > elapsed]
        return float(((left > deadline).sum() + 0.5) / (len(left) + 1))

    def lives_longer(self, task: str, elapsed: float) -> float:
        """log(how likely a run that fails lives this long / how likely one that succeeds does): what
        its age says about a run that has not ended. Above 0 age is a bad sign.

        0 for a task that never succeeded, since then nothing is known to compare with. Shares of the
        task's own runs are completed with those of everything.
        """
        mine = self._tasks.get(task)
        if mine is None or not len(mine.total.values):
            return 0.0
        relative = elapsed / _median(mine.total)
        good = _alive(mine.total, elapsed, self._relative[0], relative)
        bad = _alive(mine.failed, elapsed, self._relative[1], relative)
        return float(np.log(bad / good))


def _median(ring: Ring) -> float:
    return max(float(np.median(ring.array())), 1e-6)


def _alive(own: Ring, elapsed: float, every: Ring, relative: float) -> float:
    """Share that lives longer, in (0, 1)."""
    general = (float((every.array() > relative).sum()) + 0.5) / (len(every.values) + 1)
    alive = float((own.array() > elapsed).sum())
    return (alive + OWN * general) / (len(own.values) + OWN)


def _completed(own: Ring | None, every: Ring) -> NDArray[np.float64] | None:
    if not len(every.values):
        return None
    values = own.array() if own else np.zeros(0)
    if len(values) < FEW:
        general = every.array()
        scale = np.median(values) / max(float(np.median(general)), 1e-9) if len(values) else 1.0
        values = np.concatenate([values, general * scale])
    return values


def _quantiles(
    own: Ring | None, every: Ring, levels: tuple[float, ...], elapsed: float
) -> tuple[float, ...] | None:
    values = _completed(own, every)
    if values is None:
        return None
    left = np.sort(values[values > elapsed])
    if not len(left):
        return tuple(elapsed for _ in levels)
    ranks = [min(int(np.ceil(level * (len(left) + 1))), len(left)) - 1 for level in levels]
    return tuple(float(left[rank]) for rank in ranks)
