"""Tukey's fences: how far outside the middle half, in interquartile ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagnosis.data.detectors import Detector, Limit, ratio

if TYPE_CHECKING:
    from dagnosis.data.detectors import Floats


class IQR(Detector):
    """Inside the quartiles the score is 0. A score above 1.5 is outside the inner fences, above 3 far
    out (Tukey 1977). Of normal values 0.7 % are outside the inner ones.

    >>> IQR().learn([1, 2, 3, 4, 5]).score(9)
    2.5
    """

    name = "iqr"
    usual = Limit(1.5)

    def __init__(self) -> None:
        self.low = self.high = float("nan")

    def _fit(self, values: Floats) -> None:
        import numpy as np

        self.low = self.high = float("nan")
        if len(values):
            self.low, self.high = (float(v) for v in np.quantile(values, (0.25, 0.75)))

    def _distance(self, values: Floats) -> Floats:
        import numpy as np

        outside = np.maximum(np.maximum(self.low - values, values - self.high), 0.0)
        return ratio(outside, self.high - self.low)

    def _empty(self) -> bool:
        return self.low != self.low


DETECTOR = IQR
