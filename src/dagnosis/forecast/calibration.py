"""Probabilities that mean what they say: checked, and mended.

The map is a straight line in log-odds (Platt): two numbers, fitted on outcomes that the model had
predicted before it knew them, each counting by its age: the newest 1, the oldest of the history 0. That
follows a slow change and is not carried away by the last incident. A line that was fitted on the newest
outcomes alone, and only used where it had helped on the newest of these, was turned on and off by every
incident: on the traces of `evals.forecast` it cost up to 0.015 of PR-AUC and gained nothing. Outcomes
of a day that are alike count together as many as they are worth (`clusters`), so that a few bad days do
not outweigh the identity, towards which the line is drawn.
"""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dagnosis.forecast.clusters import Days, design_effect
from dagnosis.forecast.design import logit
from dagnosis.forecast.models import Chances
from dagnosis.forecast.models.linear import chance
from dagnosis.forecast.models.threads import one_thread

ENOUGH = 200
ENOUGH_FAILURES = 20
"""Fewer predicted outcomes than that fit no map."""
_EDGE = 1e-5
_RIDGE = 10.0
"""Precision of slope about 1 and intercept about 0: as much as ten runs at even odds, about."""


class Line(msgspec.Struct, frozen=True):
    """log-odds -> slope x log-odds + shift."""

    slope: float = 1.0
    shift: float = 0.0

    def __call__(self, chances: Chances) -> Chances:
        """Calibrated probabilities."""
        if self == IDENTITY:
            return chances
        return chance(self.slope * logit(chances, _EDGE) + self.shift)


IDENTITY = Line()


def fit_line(chances: Chances, labels: NDArray[Any], days: Days | None = None) -> Line:
    """The line for these predictions, which are in order of time; labels are 1 and 0. `days` are those
    on which the runs were asked for; without them every run counts as independent.

    Fewer than 200 predictions or 20 of either outcome give the identity.
    """
    failures = int((labels == 1).sum())
    if len(labels) < ENOUGH or not ENOUGH_FAILURES <= failures <= len(labels) - ENOUGH_FAILURES:
        return IDENTITY
    target = labels == 1
    alike = 1.0 if days is None else design_effect(target - chances, days)
    counts = np.arange(1, len(labels) + 1) / len(labels) / alike
    with one_thread("blas"):
        return _line(logit(chances, _EDGE), target, counts)


def _line(odds: Chances, target: NDArray[np.bool_], counts: Chances) -> Line:
    inputs = np.stack([odds, np.ones(len(odds))], 1)
    centre = np.array([1.0, 0.0])
    weights = centre.copy()
    for _ in range(20):
        p = chance(inputs @ weights)
        slope = inputs.T @ (counts * (target - p)) - _RIDGE * (weights - centre)
        curve = (inputs * (counts * p * (1 - p))[:, None]).T @ inputs + _RIDGE * np.eye(2)
        step = np.linalg.solve(curve, slope)
        weights = weights + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    # a falling line would turn the order round: then nothing was learned
    return Line(float(weights[0]), float(weights[1])) if weights[0] > 0 else IDENTITY


def brier(truth: NDArray[Any], chances: Chances) -> float:
    """Mean squared error of probabilities, 0 to 1, lower is better; NaN without rows."""
    return float(np.square(chances - truth).mean()) if len(truth) else float("nan")


def drift(truth: NDArray[Any], chances: Chances) -> float:
    """How far the number of failures is from the forecast, in its own standard deviations.

    Above 0 more failed than was expected. Beyond 4 either way the forecasts no longer fit (incidents
    make 2 or 3 common). 0 without rows.
    """
    spread = float(np.sqrt((chances * (1 - chances)).sum()))
    return float((truth - chances).sum()) / spread if spread > 0 else 0.0


class Bin(msgspec.Struct, frozen=True):
    """A bin of the reliability diagram: runs, mean forecast, share that failed."""

    runs: int
    forecast: float
    failed: float


def reliability(truth: NDArray[Any], chances: Chances, bins: int = 15) -> list[Bin]:
    """Bins of equally many runs, in order of forecast."""
    order = np.argsort(chances, kind="stable")
    return [
        Bin(len(part), float(chances[part].mean()), float(truth[part].mean()))
        for part in np.array_split(order, bins)
        if len(part)
    ]


def calibration_error(truth: NDArray[Any], chances: Chances, bins: int = 15) -> float:
    """Mean distance of forecast and share failed over bins of equally many runs, 0 to 1."""
    found = reliability(truth, chances, bins)
    runs = sum(one.runs for one in found)
    if not runs:
        return float("nan")
    return sum(one.runs * abs(one.forecast - one.failed) for one in found) / runs


def noise(
    truth: NDArray[Any], chances: Chances, groups: NDArray[Any], bins: int = 15, draws: int = 200
) -> tuple[float, float]:
    """The calibration error that perfectly calibrated forecasts would show on these runs by chance:
    the usual one (median) and the highest that is still common (95 %). NaN without rows.

    Below the second number there is nothing to mend; below the first one is lucky.
    """
    if not len(truth):
        return float("nan"), float("nan")
    usual, most = np.quantile(luck(truth, chances, groups, bins, draws), [0.5, 0.95])
    return float(usual), float(most)


def luck(
    truth: NDArray[Any], chances: Chances, groups: NDArray[Any], bins: int = 15, draws: int = 200
) -> Chances:
    """Calibration errors that perfectly calibrated forecasts would show on these runs, one a draw.
    Needs a row.

    Runs of a group (a day, a cycle) share their luck: outcomes are drawn from the forecasts with one
    normal shock a group (a Gaussian copula, so that every forecast stays right on average), as large
    as the groups differ from each other in truth.
    """
    from scipy.special import ndtri

    inside = np.clip(chances, _EDGE, 1 - _EDGE)
    number = np.unique(groups, return_inverse=True)[1]
    random = np.random.default_rng(0)
    reach, levels = int(number.max()) + 1, ndtri(inside)

    def drawn(shared: float) -> NDArray[np.bool_]:
        shock = random.normal(size=reach)[number] * np.sqrt(shared)
        made: NDArray[np.bool_] = (
            shock + random.normal(size=len(levels)) * np.sqrt(1 - shared) < levels
        )
        return made

    aim = _alike(truth, inside, number)
    low, high = 0.0, 0.95
    for _ in range(7 if aim > 0 else 0):
        middle = (low + high) / 2
        found = np.mean([_alike(drawn(middle), inside, number) for _ in range(20)])
        low, high = (middle, high) if found < aim else (low, middle)
    return np.array([calibration_error(drawn(low), chances, bins) for _ in range(draws)])


def _alike(truth: NDArray[Any], chances: Chances, number: NDArray[Any]) -> float:
    """Correlation of what is left of two outcomes of one group, about the mean of all; 0 where no
    group has two."""
    left = (truth - chances) / np.sqrt(chances * (1 - chances))
    left = left - left.mean()
    size = np.bincount(number)
    pairs = float((size * (size - 1)).sum())
    own = np.bincount(number, np.square(left))
    if pairs == 0 or own.sum() == 0:
        return 0.0
    shared = float((np.square(np.bincount(number, left)) - own).sum()) / pairs
    return shared / float(own.sum() / len(left))
