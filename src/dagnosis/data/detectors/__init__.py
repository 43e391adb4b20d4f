"""Classic detectors of single values, done as their authors meant them; one method a file.

The contract: `learn(window)` takes the values that are held for usual and returns the detector;
`scores(values)` says how strange each value is beside them, `score(value)` the same of one. A score
grows with strangeness, never decides and never changes the detector. A `Limit` decides.

What every detector answers:

| asked                              | answer                                               |
|------------------------------------|------------------------------------------------------|
| NaN or null                        | NaN: no answer, and no alarm                         |
| +inf or -inf                       | inf                                                  |
| NaN, inf in the window             | left out                                             |
| a window without a finite value    | NaN for every value                                  |
| a window whose spread is zero      | 0 for its middle, inf for anything else              |
| booleans                           | 0 and 1                                              |
| huge integers, decimals            | the nearest double                                   |
| dates and times                    | seconds since 1970, as the profile gives them        |
| text                               | `WrongUse`: compare lengths or shares instead        |
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

import msgspec

from dagnosis.errors import WrongUse

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

NAMES = ("zscore", "iqr", "mad", "robust", "article", "seasonal", "level")
"""The detectors, by the names of their modules."""


class Limit(msgspec.Struct, frozen=True):
    """What decides: a score above `above` is an alarm; NaN never is."""

    above: float

    def alarm(self, score: float) -> bool:
        """Whether a score is an alarm.

        >>> Limit(3.0).alarm(3.5), Limit(3.0).alarm(float("nan"))
        (True, False)
        """
        return score > self.above


class Detector:
    """Base of the detectors of one value: subclasses find a centre, a scale and a distance.

    `usual` is the limit that the source of the method names.
    """

    name: ClassVar[str]
    usual: ClassVar[Limit]

    def learn(self, window: Any) -> Detector:
        """Take in the usual values, an array-like of any length; returns the detector itself."""
        import numpy as np

        values = numbers(window)
        self._fit(values[np.isfinite(values)])
        return self

    def score(self, value: SupportsFloat | None) -> float:
        """How strange one value is: 0 or more, NaN for no answer."""
        return float(self.scores([value])[0])

    def scores(self, values: Any) -> Floats:
        """How strange each value is; same length as `values`."""
        import numpy as np

        given = numbers(values)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            found = self._distance(given)
        found = np.where(np.isinf(given), np.inf, found)
        return np.where(np.isnan(given) | self._empty(), np.nan, found)

    def _fit(self, values: Floats) -> None:
        raise NotImplementedError

    def _distance(self, values: Floats) -> Floats:
        raise NotImplementedError

    def _empty(self) -> bool:
        raise NotImplementedError


class Scaled(Detector):
    """|value - centre| / scale. With a scale of zero the centre is 0 and all else infinite."""

    def __init__(self) -> None:
        self.centre = float("nan")
        self.scale = float("nan")

    def _fit(self, values: Floats) -> None:
        self.centre, self.scale = self._measure(values) if len(values) else (float("nan"),) * 2

    def _measure(self, values: Floats) -> tuple[float, float]:
        raise NotImplementedError

    def _distance(self, values: Floats) -> Floats:
        return ratio(abs(values - self.centre), self.scale)

    def _empty(self) -> bool:
        return self.centre != self.centre


def ratio(distance: Floats, scale: float) -> Floats:
    """distance / scale, where 0 / 0 is 0 and anything else over 0 is infinite."""
    import numpy as np

    if scale > 0:
        return distance / scale
    return np.where(distance == 0, 0.0, np.inf)


def numbers(values: Any) -> Floats:
    """Values as doubles, None as NaN; raises `WrongUse` for text."""
    import numpy as np

    try:
        return np.asarray(values, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        pass
    try:
        return np.array([float("nan") if v is None else float(v) for v in values], np.float64)
    except (TypeError, ValueError):
        raise WrongUse(
            "detectors score numbers; for text, compare lengths or shares of values instead"
        ) from None


def detector(name: str) -> Detector:
    """A new detector by name; raises `WrongUse` for an unknown one."""
    if name not in NAMES:
        raise WrongUse(f"unknown detector {name!r}; known are {', '.join(NAMES)}")
    module = import_module(f"dagnosis.data.detectors.{name}")
    found: Detector = module.DETECTOR()
    return found
