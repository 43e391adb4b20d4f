"""Boosted trees: scikit-learn's histogram gradient boosting on the design matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy as np
from typing_extensions import Self

from dagnosis.extras import need_learn
from dagnosis.forecast.design import logit
from dagnosis.forecast.models import Chances, Labels, Rows, Weights
from dagnosis.forecast.models.linear import chance
from dagnosis.forecast.models.threads import one_thread
from dagnosis.forecast.models.trees import SEED, Trees

_EDGE = 1e-6
_BLOCK = 1024
"""Rows at a time: every tree walks over all of them, so they should fit into the cache."""


class Boosted(Trees):
    """Sees what columns say together; slow steps and small trees, as failures are few.

    Weights count as one for each class: the trees are grown without them and the log-odds are moved by
    what the sample left out (scikit-learn 1.9 bins weighted columns many times slower).
    """

    name: ClassVar[str] = "boosted"

    def __init__(self) -> None:
        super().__init__()
        self.shift = 0.0

    def make(self) -> Any:
        """100 trees of 15 leaves, each a step of 0.08 on a third of the columns."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            max_iter=100,
            learning_rate=0.08,
            max_leaf_nodes=15,
            min_samples_leaf=50,
            l2_regularization=1.0,
            max_features=0.3,
            early_stopping=False,
            random_state=SEED,
        )

    def fit(self, rows: Rows, labels: Labels, weights: Weights) -> Self:
        """Grow the trees."""
        super().fit(rows, labels, weights)
        failed = labels == 1
        if failed.any() and not failed.all():
            self.shift = float(np.log(weights[failed].mean() / weights[~failed].mean()))
        return self

    def grow(self, matrix: Any, failed: Any, weights: Weights) -> Any:
        """Without the weights."""
        need_learn(self.name)
        trees = self.make()
        with one_thread("openmp"):
            return trees.fit(matrix, failed)

    def predict(self, rows: Rows) -> Chances:
        """Probabilities."""
        if self.only is not None:
            return super().predict(rows)
        if len(rows) > _BLOCK:
            blocks = [
                self.predict(rows.take(np.arange(at, min(at + _BLOCK, len(rows)))))
                for at in range(0, len(rows), _BLOCK)
            ]
            return np.concatenate(blocks)
        with one_thread("openmp"):
            chances = super().predict(rows)
        if self.shift == 0.0:
            return chances
        return chance(logit(chances, _EDGE) + self.shift)

    def save(self, folder: Path) -> None:
        """The trees, and the shift beside them."""
        super().save(folder)
        (folder / "boosted-shift.json").write_bytes(msgspec.json.encode({"shift": self.shift}))

    def load(self, folder: Path) -> Self:
        """From `save`."""
        super().load(folder)
        self.shift = msgspec.json.decode((folder / "boosted-shift.json").read_bytes())["shift"]
        return self
