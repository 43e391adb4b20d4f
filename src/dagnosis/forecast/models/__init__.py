"""Models: features -> probability of failure, in [0, 1]; higher is worse.

A model is a class in a module of this folder. The contract (`Model`) is small: `fit` learns from
labelled rows and returns the model, `predict` never changes it, `save` and `load` keep it as arrays,
JSON or skops, never as a pickle. `tests/forecast/models/test_contract.py` finds every model here by
itself and checks that: probabilities in range and finite, the same answer for a row alone and in a
batch, the same model from the same data, one class only, one row, equality after save and load.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dagnosis.errors import WrongUse
from dagnosis.forecast.clusters import Days
from dagnosis.forecast.design import Matrix, design

Labels: TypeAlias = NDArray[np.int8]
Weights: TypeAlias = NDArray[np.float64]
Chances: TypeAlias = NDArray[np.float64]


class Rows:
    """Runs as models see them: `raw` features (`features.NAMES`), the `design` matrix made of them,
    and `plain` columns of the run table (codes and numbers, None where nobody needs them). `days` are
    those on which they were asked for; without them every run counts as independent."""

    def __init__(self, raw: Matrix, plain: Matrix | None = None, days: Days | None = None) -> None:
        self.raw = raw
        self.plain = plain
        self.days = days

    def __len__(self) -> int:
        return len(self.raw)

    @cached_property
    def design(self) -> Matrix:
        """The model matrix, shape (rows, `design.COLUMNS`), made once."""
        return design(self.raw)

    def take(self, index: NDArray[Any]) -> Rows:
        """The rows at `index`, in its order."""
        taken = Rows(
            self.raw[index],
            None if self.plain is None else self.plain[index],
            None if self.days is None else self.days[index],
        )
        if "design" in self.__dict__:
            taken.__dict__["design"] = self.design[index]
        return taken


class Model(Protocol):
    """The contract. `fit` takes weights that count rows; rows of one class only give a constant."""

    name: ClassVar[str]

    def fit(self, rows: Rows, labels: Labels, weights: Weights) -> Model:
        """Learn, return self."""

    def predict(self, rows: Rows) -> Chances:
        """One probability a row."""

    def save(self, folder: Path) -> None:
        """Write the model's files into an existing folder."""

    def load(self, folder: Path) -> Model:
        """Read what `save` wrote, return self."""


def names() -> tuple[str, ...]:
    """Every model by name, the default first."""
    return tuple(_makers())


def make(name: str) -> Model:
    """A new model. Raises `WrongUse` that lists the names."""
    makers = _makers()
    if name not in makers:
        raise WrongUse(f"no model is called {name!r}; known are {', '.join(makers)}")
    return makers[name]()


def _makers() -> dict[str, Callable[[], Model]]:
    from dagnosis.forecast.models.baselines import LastTen, PreviousState
    from dagnosis.forecast.models.blend import Blend
    from dagnosis.forecast.models.boosted import Boosted
    from dagnosis.forecast.models.forest import Forest, HistoryForest
    from dagnosis.forecast.models.lightgbm import LightBoosted
    from dagnosis.forecast.models.logistic import Logistic
    from dagnosis.forecast.models.prior import Prior

    classes: tuple[Any, ...] = (
        Blend, Prior, Logistic, Boosted, HistoryForest, LightBoosted, Forest, LastTen,
        PreviousState,
    )  # fmt: skip
    return {one.name: one for one in classes}


def constant(labels: Labels, weights: Weights) -> float | None:
    """The only probability that rows of one class support, shrunk from 0 or 1; else None.

    (failures + 0.5) / (rows + 1), the Jeffreys estimate.
    """
    if len(labels) and 0 < int((labels == 1).sum()) < len(labels):
        return None
    total = float(weights.sum())
    return (float(weights[labels == 1].sum()) + 0.5) / (total + 1.0)
