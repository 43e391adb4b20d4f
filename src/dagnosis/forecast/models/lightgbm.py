"""Boosted trees by LightGBM, for whoever has it: `pip install 'dagnosis[boost]'`.

The same idea as `boosted`, by another hand; kept as the library's own text, which holds numbers alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy as np
from typing_extensions import Self

from dagnosis.errors import WrongUse
from dagnosis.forecast.models import Chances, Labels, Rows, Weights
from dagnosis.forecast.models.trees import SEED, Trees


class LightBoosted(Trees):
    """100 trees of 15 leaves, each a step of 0.08 on a third of the columns, weighted."""

    name: ClassVar[str] = "lightgbm"

    def make(self) -> Any:
        """LightGBM's own booster is trained, not scikit-learn's face of it: one thread gives the same
        model everywhere."""
        try:
            import lightgbm
        except ImportError:
            raise WrongUse("lightgbm: is not installed; pip install 'dagnosis[boost]'") from None
        return lightgbm

    def grow(self, matrix: Any, failed: Labels, weights: Weights) -> Any:
        """A fitted booster."""
        library = self.make()
        settings = {
            "objective": "binary", "learning_rate": 0.08, "num_leaves": 15, "min_data_in_leaf": 50,
            "lambda_l2": 1.0, "feature_fraction": 0.3, "seed": SEED, "deterministic": True,
            "force_row_wise": True, "num_threads": 1, "verbosity": -1,
        }  # fmt: skip
        data = library.Dataset(matrix, label=failed, weight=weights, free_raw_data=True)
        return library.train(settings, data, num_boost_round=100)

    def predict(self, rows: Rows) -> Chances:
        """Probabilities."""
        if self.only is not None:
            return np.full(len(rows), self.only)
        if not len(rows):
            return np.zeros(0)
        matrix = np.ascontiguousarray(self.matrix(rows)[:, self.columns])
        chances: Chances = np.asarray(self.trees.predict(matrix, num_threads=1), np.float64)
        return chances

    def save(self, folder: Path) -> None:
        """A .txt of the trees and a .json beside it."""
        about = {"only": self.only, "columns": self.columns.tolist()}
        (folder / f"{self.name}.json").write_bytes(msgspec.json.encode(about))
        if self.only is None:
            (folder / f"{self.name}.txt").write_text(self.trees.model_to_string(), "utf-8")

    def load(self, folder: Path) -> Self:
        """From `save`."""
        about = msgspec.json.decode((folder / f"{self.name}.json").read_bytes())
        self.only, self.columns = about["only"], np.array(about["columns"], np.int64)
        if self.only is None:
            text = (folder / f"{self.name}.txt").read_text("utf-8")
            self.trees = self.make().Booster(model_str=text)
        return self
