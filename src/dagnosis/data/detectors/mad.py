"""Median and median absolute deviation, scaled to agree with the z-score for normal values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagnosis.data.detectors import Limit, Scaled

if TYPE_CHECKING:
    from dagnosis.data.detectors import Floats

NORMAL = 0.6744897501960817
"""The MAD of a standard normal distribution: its third quartile."""


class MAD(Scaled):
    """Up to half of the window may be wrong without harm. The usual limit is 3.5 (Iglewicz and
    Hoaglin 1993). When more than half of the window is one value the scale is zero: then that value
    scores 0 and any other infinity.

    >>> round(MAD().learn([1, 2, 3, 4, 100]).score(6), 3)
    2.023
    """

    name = "mad"
    usual = Limit(3.5)

    def _measure(self, values: Floats) -> tuple[float, float]:
        import numpy as np

        middle = float(np.median(values))
        return middle, float(np.median(abs(values - middle))) / NORMAL


DETECTOR = MAD
