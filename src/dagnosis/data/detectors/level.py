"""Exponentially weighted level: has the value left where the last values were heading?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagnosis.data.detectors import Limit, Scaled

if TYPE_CHECKING:
    from dagnosis.data.detectors import Floats


class Level(Scaled):
    """Follows a level that drifts. The centre is the exponentially weighted mean of the window (the
    newest value weighs `weight`), the scale the root mean square of the errors that it would have
    made one step ahead (Roberts 1959). A window of one value has a scale of zero.

    >>> Level(weight=0.5).learn([1, 2, 3, 4, 5]).centre
    4.0625
    """

    name = "level"
    usual = Limit(3.0)

    def __init__(self, weight: float = 0.3) -> None:
        super().__init__()
        self.weight = weight

    def _measure(self, values: Floats) -> tuple[float, float]:
        level, squares = float(values[0]), 0.0
        for value in values[1:].tolist():
            error = value - level
            squares += error * error
            level += self.weight * error
        return level, (squares / max(len(values) - 1, 1)) ** 0.5


DETECTOR = Level
