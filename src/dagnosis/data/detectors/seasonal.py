"""Robust z beside the values one period ago, two periods ago, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagnosis.data.detectors import Limit, Scaled
from dagnosis.data.detectors.mad import NORMAL

if TYPE_CHECKING:
    from dagnosis.data.detectors import Floats


class Seasonal(Scaled):
    """The value that comes next in the window is expected to be what stood one period before.

    The centre is the median of the window's values a whole number of periods before the next one, the
    scale the MAD of how far each value was from the median of its own place. A window shorter than
    two periods has no season and is judged by its median and MAD. The window must be without gaps:
    NaN is left out before the places are counted, so fill gaps first.

    >>> Seasonal(period=3).learn([1, 5, 9, 1.2, 5.1, 9.2, 0.9, 5, 9.1]).score(1) < 1
    True
    """

    name = "seasonal"
    usual = Limit(3.5)

    def __init__(self, period: int = 7) -> None:
        super().__init__()
        self.period = period

    def _measure(self, values: Floats) -> tuple[float, float]:
        import numpy as np

        period = self.period if len(values) >= 2 * self.period else 1
        places = np.arange(len(values)) % period
        middles = np.array([np.median(values[places == place]) for place in range(period)])
        scale = float(np.median(abs(values - middles[places]))) / NORMAL
        return float(middles[len(values) % period]), scale


DETECTOR = Seasonal
