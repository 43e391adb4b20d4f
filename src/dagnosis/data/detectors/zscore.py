"""Standard score: distance to the mean in standard deviations (of the population)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagnosis.data.detectors import Limit, Scaled, ratio

if TYPE_CHECKING:
    from dagnosis.data.detectors import Floats


class ZScore(Scaled):
    """Good for values that are near normal; one wild value in the window hides the next.

    A value that is itself in a window of n has a score of at most (n - 1) / sqrt(n) (Shiffler 1988):
    with 10 values or fewer nothing can exceed 3. So learn from the past only.

    >>> round(ZScore().learn([1, 2, 3, 4, 5]).score(6), 4)
    2.1213
    """

    name = "zscore"
    usual = Limit(3.0)

    def _measure(self, values: Floats) -> tuple[float, float]:
        # in units of the largest value, or squares of huge numbers overflow
        largest = float(abs(values).max()) or 1.0
        scaled = values / largest
        spread = float(scaled.std())
        # the rounding error of equal values is no spread
        return float(scaled.mean()) * largest, spread * largest if spread > 1e-14 else 0.0

    def _distance(self, values: Floats) -> Floats:
        import numpy as np

        far = abs(values - self.centre)
        return ratio(np.where(far <= 1e-14 * abs(self.centre), 0.0, far), self.scale)


DETECTOR = ZScore
