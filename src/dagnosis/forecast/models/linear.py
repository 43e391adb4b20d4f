"""A logistic regression, weighted, with a ridge towards any centre: Newton's method on arrays.

scikit-learn's shrinks towards 0 only; shrinking towards the shipped coefficients is what makes a
short history safe.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from dagnosis.forecast.design import Matrix
from dagnosis.forecast.models import Chances, Labels, Weights
from dagnosis.forecast.models.threads import one_thread

EDGE = 6.0
"""Standard deviations beyond which an input is cut."""
STEPS = 25


class Linear:
    """Log-odds = intercept + coefficients of standardised, cut columns.

    `mean` and `scale` are None until they are learned from the first rows, or given.
    """

    def __init__(self) -> None:
        self.mean: NDArray[np.float64] | None = None
        self.scale: NDArray[np.float64] | None = None
        self.weights: NDArray[np.float64] = np.zeros(0)

    def fit(
        self, columns: Matrix, labels: Labels, counts: Weights, ridge: float, centre: bool = False
    ) -> Self:
        """`ridge` is the precision of a coefficient about the centre: the coefficients as they are
        where `centre`, else 0 (the intercept is then free)."""
        if self.mean is None or self.scale is None:
            total = counts.sum()
            self.mean = (columns * counts[:, None]).sum(0) / total
            spread = np.sqrt((np.square(columns - self.mean) * counts[:, None]).sum(0) / total)
            self.scale = np.where(spread > 1e-4, spread, np.inf)  # a constant column says nothing
        inputs = self._inputs(columns)
        start = self.weights if centre else np.zeros(inputs.shape[1])
        penalty = np.full(len(start), ridge)
        if not centre:
            penalty[-1] = 1e-3
        with one_thread("blas"):
            self.weights = _newton(inputs, (labels == 1).astype(float), counts, start, penalty)
        return self

    def _inputs(self, columns: Matrix) -> NDArray[np.float64]:
        assert self.mean is not None
        assert self.scale is not None
        out = np.ones((len(columns), columns.shape[1] + 1))
        np.clip((columns - self.mean) / self.scale, -EDGE, EDGE, out=out[:, :-1])
        return out

    def log_odds(self, columns: Matrix) -> Chances:
        """One value a row."""
        inputs = self._inputs(columns)
        with one_thread("blas"):
            odds: Chances = inputs @ self.weights
        return odds

    def contributions(self, columns: Matrix) -> NDArray[np.float64]:
        """What each column adds to the log-odds, exactly; the last column is the intercept."""
        return self._inputs(columns) * self.weights

    def save(self, path: Path) -> None:
        """As .npz without objects."""
        np.savez(path, mean=self.mean, scale=self.scale, weights=self.weights)  # type: ignore[arg-type]

    def load(self, path: Path) -> Self:
        """From .npz."""
        with np.load(path, allow_pickle=False) as stored:
            self.mean, self.scale = stored["mean"], stored["scale"]
            self.weights = stored["weights"]
        return self


def chance(odds: Chances) -> Chances:
    """Log-odds -> probability."""
    return 0.5 * (1 + np.tanh(0.5 * odds))


def _newton(
    inputs: NDArray[np.float64],
    target: NDArray[np.float64],
    counts: Weights,
    start: NDArray[np.float64],
    penalty: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Damped Newton: halve a step that makes the objective worse. It is convex, so it ends."""

    def objective(weights: NDArray[np.float64]) -> float:
        odds = inputs @ weights
        loss = (counts * (np.logaddexp(0, odds) - target * odds)).sum()
        return float(loss + 0.5 * (penalty * np.square(weights - start)).sum())

    weights, best = start.copy(), objective(start)
    for _ in range(STEPS):
        p = chance(inputs @ weights)
        slope = inputs.T @ (counts * (target - p)) - penalty * (weights - start)
        rooted = inputs * np.sqrt(counts * p * (1 - p))[:, None]
        curve: NDArray[Any] = rooted.T @ rooted  # of one array: half the work, as it is symmetric
        step = np.linalg.solve(curve + np.diag(penalty), slope)
        for _ in range(8):
            value = objective(weights + step)
            if value <= best:
                break
            step = step / 2
        else:
            break
        weights = weights + step
        if best - value < 1e-6 * max(abs(best), 1.0):
            break
        best = value
    return weights
