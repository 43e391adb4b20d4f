"""How many independent runs a history is worth.

Runs of a day share their luck: 900 verdicts of one test cycle fail together, and are no 900 lessons.
What is learned from runs has the variance of so many fewer as the sums of a day's residuals vary more
than those of strangers would: the design effect (Kish 1965; with residuals, the ratio of the
cluster-robust to the usual variance, Liang and Zeger 1986). On the development sets that is 1.2 times
for builds of projects, 1.6 to 5.8 for jobs of clusters, 30 on a grid and 139 on cycles of tests.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

DAY = 86400.0
_SPAN = 100_000
"""Days that may lie between the first and the last to be counted without being sorted; 270 years."""
Days: TypeAlias = NDArray[np.int64]
"""The day that each run was asked for, a number."""


def design_effect(
    residuals: NDArray[Any], days: Days, weights: NDArray[np.float64] | None = None
) -> float:
    """How many of these runs are worth one that is independent of the others, 1 or more.

    `residuals` are what came (1 or 0) minus what was forecast; their mean is taken off, since forecasts
    that are all too low make no two runs alike. Rows of a sample count `weights` runs each, and the
    answer is that of the whole (Horvitz and Thompson). 1 without rows, and for one day only, which
    shows nothing.
    """
    counts = np.ones(len(residuals)) if weights is None else weights
    if not len(residuals):
        return 1.0
    left = residuals - np.average(residuals, weights=counts)
    alone = float((counts * np.square(left)).sum())
    if alone <= 0:
        return 1.0
    number = days - days.min()
    if number.max() > _SPAN:
        number = np.unique(days, return_inverse=True)[1]
    together = float(np.square(np.bincount(number, counts * left)).sum())
    # a row that stands for many was squared as if they had all been alike
    together -= float((counts * (counts - 1) * np.square(left)).sum())
    return max(together / alone, 1.0)
