"""Logistic regression on the whole design matrix."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from typing_extensions import Self

from dagnosis.forecast.models import Chances, Labels, Rows, Weights, constant
from dagnosis.forecast.models.linear import Linear, chance

RIDGE = 100.0


class Logistic:
    """Quick, and steady when the future is not like the past; misses what columns say together."""

    name: ClassVar[str] = "logistic"

    def __init__(self) -> None:
        self.linear = Linear()
        self.only: float | None = 0.1

    def fit(self, rows: Rows, labels: Labels, weights: Weights) -> Self:
        """Ridge towards 0, intercept free."""
        self.only = constant(labels, weights)
        if self.only is None:
            self.linear = Linear().fit(rows.design, labels, weights, RIDGE)
        return self

    def predict(self, rows: Rows) -> Chances:
        """Probabilities."""
        if self.only is not None:
            return np.full(len(rows), self.only)
        return chance(self.linear.log_odds(rows.design))

    def save(self, folder: Path) -> None:
        """logistic.npz."""
        if self.only is not None:
            self.linear.mean, self.linear.scale = np.zeros(0), np.full(1, self.only)
        self.linear.save(folder / "logistic.npz")

    def load(self, folder: Path) -> Self:
        """From `save`."""
        self.linear.load(folder / "logistic.npz")
        assert self.linear.mean is not None
        assert self.linear.scale is not None
        self.only = None if len(self.linear.mean) else float(self.linear.scale[0])
        return self
