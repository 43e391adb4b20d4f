"""The shipped prior: a logistic regression on columns that mean the same in every deployment.

Its coefficients come with the package, learned from openly licensed traces (`evals.forecast_prior`),
so that the first run of a new deployment has a sensible risk. `fit` shrinks towards them with the
force of `RIDGE`: with no history the shipped coefficients answer, with a long one the local rows.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import ClassVar

from typing_extensions import Self

from dagnosis.forecast.design import COMMON, design
from dagnosis.forecast.models import Chances, Labels, Rows, Weights
from dagnosis.forecast.models.linear import Linear, chance

NAME = "forecast_prior"
FORMAT = 1
RIDGE = 30.0
FILE = "prior.npz"


@cache
def _shipped() -> Path | None:
    from dagnosis.models.store import open_model

    opened = open_model(NAME, FORMAT)
    return opened.folder if opened else None


class Prior:
    """Needs no history, and learns from little; misses what is particular to a deployment."""

    name: ClassVar[str] = "prior"

    def __init__(self, linear: Linear | None = None) -> None:
        self.linear = linear or self._shipped()

    @staticmethod
    def _shipped() -> Linear:
        folder = _shipped()
        assert folder is not None, "the package lacks its prior"
        return Linear().load(folder / FILE)

    def fit(self, rows: Rows, labels: Labels, weights: Weights) -> Self:
        """Towards the shipped coefficients; rows of one class are welcome."""
        if len(labels):
            columns = rows.design[:, : len(COMMON)]
            self.linear.fit(columns, labels, weights, RIDGE, centre=True)
        return self

    def predict(self, rows: Rows) -> Chances:
        """Probabilities."""
        if "design" in rows.__dict__:
            columns = rows.design[:, : len(COMMON)]
        else:
            columns = design(rows.raw, only_common=True)
        return chance(self.linear.log_odds(columns))

    def save(self, folder: Path) -> None:
        """prior.npz."""
        self.linear.save(folder / FILE)

    def load(self, folder: Path) -> Self:
        """From `save`."""
        self.linear = Linear().load(folder / FILE)
        return self
