"""Robust z: distance to the median in interquartile ranges, scaled to standard deviations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagnosis.data.detectors import Limit, Scaled

if TYPE_CHECKING:
    from dagnosis.data.detectors import Floats

NORMAL = 1.3489795003921634
"""The interquartile range of a standard normal distribution."""


class Robust(Scaled):
    """As the z-score, but up to a quarter of the window may be wrong without harm.

    >>> round(Robust().learn([1, 2, 3, 4, 5]).score(6), 3)
    2.023
    """

    name = "robust"
    usual = Limit(3.0)

    def _measure(self, values: Floats) -> tuple[float, float]:
        import numpy as np

        low, middle, high = (float(v) for v in np.quantile(values, (0.25, 0.5, 0.75)))
        return middle, (high - low) / NORMAL


DETECTOR = Robust
