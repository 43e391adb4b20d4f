"""The risk of a run while it goes on: what it has lived through so far moves the risk that it had.

Bayes' rule in log-odds: the forecast, plus what its age says (`Durations.lives_longer`), plus what has
been seen of it (`Signals`). Age counts half (`RULE`), since the forecast knows the task's history, too.
`fit` learns other weights from snapshots of runs that have ended since, shrunk towards these. Of what
was learned, the rule, and the forecast left as it was (`STILL`), that one is used which has the lowest
Brier score on newer snapshots: signals count for nothing until history shows that they should.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from dagnosis.forecast.calibration import ENOUGH, ENOUGH_FAILURES, brier
from dagnosis.forecast.design import logit
from dagnosis.forecast.models import Chances
from dagnosis.forecast.models.linear import chance

RULE: tuple[float, ...] = (1.0, 0.5, 0.0, 0.0, 0.0, 0.0)
STILL: tuple[float, ...] = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_RIDGE = np.array([100.0, 30.0, 10.0, 10.0, 10.0, 30.0])
"""Precision of each weight about the rule; the last is the intercept."""
_EDGE = 1e-5
_BEATS = 60.0
"""Seconds without a heartbeat that mean nothing."""


class Signals(msgspec.Struct, frozen=True):
    """What is seen of a run so far: warnings and errors in its log, seconds since its last
    heartbeat (None: not known)."""

    warnings: int = 0
    errors: int = 0
    silent: float | None = None


NOTHING = Signals()


class Snapshot(msgspec.Struct, frozen=True):
    """A run at a moment while it ran: its forecast before it started, what its age said
    (`lives_longer`), what was seen."""

    forecast: float
    age: float
    signals: Signals = NOTHING


class Update(msgspec.Struct, frozen=True):
    """Weights of forecast, age, warnings, errors, silence; then the intercept."""

    weights: tuple[float, ...] = RULE

    def __call__(self, snapshots: Sequence[Snapshot]) -> Chances:
        """The probability that each fails in the end."""
        return chance(_inputs(snapshots) @ np.array(self.weights))


def _inputs(snapshots: Sequence[Snapshot]) -> NDArray[np.float64]:
    rows = np.ones((len(snapshots), len(RULE)))
    for row, one in zip(rows, snapshots, strict=True):
        silent = one.signals.silent or 0.0
        row[:5] = (
            logit(np.array([one.forecast]), _EDGE)[0],
            one.age,
            math.log1p(one.signals.warnings),
            math.log1p(one.signals.errors),
            math.log(max(silent, _BEATS) / _BEATS),
        )
    return rows


def fit(snapshots: Sequence[Snapshot], labels: NDArray[np.int8]) -> Update:
    """The update that was best on the newest third of these snapshots, which are in order of time;
    `labels` say how their runs ended (1 failed). The rule where there are fewer than 200 or 20
    failures.
    """
    failures = int((labels == 1).sum())
    if len(labels) < ENOUGH or not ENOUGH_FAILURES <= failures <= len(labels) - ENOUGH_FAILURES:
        return Update()
    inputs, truth = _inputs(snapshots), labels == 1
    cut = len(labels) * 2 // 3

    def loss(weights: NDArray[np.float64]) -> float:
        return brier(truth[cut:], chance(inputs[cut:] @ weights))

    learned = loss(_fitted(inputs[:cut], truth[:cut]))
    plain = min((RULE, STILL), key=lambda weights: loss(np.array(weights)))
    if learned < loss(np.array(plain)):
        return Update(tuple(_fitted(inputs, truth).tolist()))
    return Update(plain)


def _fitted(inputs: NDArray[np.float64], truth: NDArray[np.bool_]) -> NDArray[np.float64]:
    centre = np.array(RULE)
    weights = centre.copy()
    for _ in range(25):
        p = chance(inputs @ weights)
        slope = inputs.T @ (truth - p) - _RIDGE * (weights - centre)
        curve = (inputs * (p * (1 - p))[:, None]).T @ inputs + np.diag(_RIDGE)
        step = np.clip(np.linalg.solve(curve, slope), -1, 1)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return weights
