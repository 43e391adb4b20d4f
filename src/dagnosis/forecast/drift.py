"""Do the forecasts still fit? Calibration and base rate over rolling windows of what has ended.

A window is judged by two things. `gap`, the share that failed minus the share that was forecast, with
an interval from bootstrap samples of whole days (failures come in incidents, so runs are not
independent). And the calibration error beside what chance alone would show. A window has drifted where
the interval of the gap leaves out 0 by more than `TOLERATED`, and the calibration error is beyond
chance: retrain.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dagnosis.forecast.calibration import brier, calibration_error, noise
from dagnosis.forecast.models import Chances

TOLERATED = 0.01
"""A gap that nobody needs to hear of."""
DRAWS = 200


class Window(msgspec.Struct, frozen=True):
    """Runs that ended one after another; times in seconds since 1970, shares in [0, 1].

    `skill` is 1 - Brier / (Brier of always saying the window's own share): 0 or less is of no use.
    """

    since: float
    until: float
    runs: int
    failed: float
    forecast: float
    low: float
    high: float
    calibration_error: float
    chance: float
    brier: float
    skill: float
    drifted: bool

    @property
    def gap(self) -> float:
        """Share that failed minus share that was forecast."""
        return self.failed - self.forecast


def windows(
    truth: NDArray[np.bool_], chances: Chances, times: NDArray[np.float64], size: int
) -> list[Window]:
    """Consecutive windows of `size` runs in order of time, the last one the newest; runs that do not
    fill the oldest are left out, and fewer than `size` in all are one window. None without runs."""
    count = len(truth)
    if not count:
        return []
    starts = range(count % size if count >= size else 0, count, size)
    return [
        _window(truth[a : a + size], chances[a : a + size], times[a : a + size]) for a in starts
    ]


def _window(truth: NDArray[np.bool_], chances: Chances, times: NDArray[np.float64]) -> Window:
    days = (times // 86400).astype(np.int64)
    low, high = _interval(truth - chances, days)
    error, (_, most) = calibration_error(truth, chances), noise(truth, chances, days)
    failed = float(truth.mean())
    own = brier(truth, chances)
    least = failed * (1 - failed)
    return Window(
        since=float(times[0]), until=float(times[-1]), runs=len(truth), failed=failed,
        forecast=float(chances.mean()), low=low, high=high, calibration_error=error, chance=most,
        brier=own, skill=1 - own / least if least else 0.0,
        drifted=(low > TOLERATED or high < -TOLERATED) and error > most,
    )  # fmt: skip


def _interval(left: NDArray[Any], days: NDArray[np.int64]) -> tuple[float, float]:
    """95 % of the means over days drawn with replacement."""
    number = np.unique(days, return_inverse=True)[1]
    totals, sizes = np.bincount(number, left), np.bincount(number)
    drawn = np.random.default_rng(0).integers(0, len(sizes), (DRAWS, len(sizes)))
    means = totals[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
