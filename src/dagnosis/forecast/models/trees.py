"""What the models of trees share: they are scikit-learn's, kept with skops (the extra `learn`).

Columns that are constant or equal to an earlier one are left out of training: a history of whole
runs has the DAG's columns twice, and half of the time would go there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray
from typing_extensions import Self

from dagnosis.errors import RefusedModel
from dagnosis.extras import need_learn
from dagnosis.forecast.design import Matrix
from dagnosis.forecast.models import Chances, Labels, Rows, Weights, constant

SEED = 42
_TRUSTED = frozenset(
    {
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.tree._tree.Tree",
    }
)
"""Types beyond those that skops knows as harmless; all they do when loaded is hold arrays."""


class Trees:
    """A scikit-learn classifier of trees on a matrix of columns."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.trees: Any = None
        self.columns: NDArray[np.int64] = np.zeros(0, np.int64)
        self.only: float | None = 0.1

    def make(self) -> Any:
        """A new classifier."""
        raise NotImplementedError

    def matrix(self, rows: Rows) -> Matrix:
        """The columns that the trees are grown on."""
        return rows.design

    def fit(self, rows: Rows, labels: Labels, weights: Weights) -> Self:
        """Grow the trees."""
        self.only = constant(labels, weights)
        if self.only is None:
            matrix = self.matrix(rows)
            self.columns = distinct_columns(matrix)
            if not len(self.columns):
                self.only = float((weights * (labels == 1)).sum() / weights.sum())
                return self
            failed = (labels == 1).astype(np.int8)
            self.trees = self.grow(matrix[:, self.columns], failed, weights)
        return self

    def grow(self, matrix: Matrix, failed: Labels, weights: Weights) -> Any:
        """A fitted classifier."""
        need_learn(self.name)
        return self.make().fit(matrix, failed, sample_weight=weights)

    def predict(self, rows: Rows) -> Chances:
        """Probabilities."""
        if self.only is not None:
            return np.full(len(rows), self.only)
        if not len(rows):
            return np.zeros(0)
        matrix = np.ascontiguousarray(self.matrix(rows)[:, self.columns])
        chances: Chances = self.trees.predict_proba(matrix)[:, 1]
        return chances

    def save(self, folder: Path) -> None:
        """A .skops of the trees and a .json beside it."""
        about = {"only": self.only, "columns": self.columns.tolist()}
        (folder / f"{self.name}.json").write_bytes(msgspec.json.encode(about))
        if self.only is None:
            from skops import io

            io.dump(self.trees, folder / f"{self.name}.skops")

    def load(self, folder: Path) -> Self:
        """From `save`. Raises `RefusedModel` for a file that holds other types than trees do."""
        about = msgspec.json.decode((folder / f"{self.name}.json").read_bytes())
        self.only, self.columns = about["only"], np.array(about["columns"], np.int64)
        if self.only is None:
            need_learn(f"{self.name} (a trained model)")
            from skops import io

            path = folder / f"{self.name}.skops"
            foreign = set(io.get_untrusted_types(file=path)) - _TRUSTED
            if foreign:
                raise RefusedModel(f"{path}: holds {', '.join(sorted(foreign))}; retrain")
            self.trees = io.load(path, trusted=sorted(_TRUSTED))
        return self


def distinct_columns(matrix: Matrix) -> NDArray[np.int64]:
    """The indices of columns that vary and differ from every earlier one."""
    if not len(matrix):
        return np.zeros(0, np.int64)
    kept: list[int] = []
    seen: set[bytes] = set()
    for index in range(matrix.shape[1]):
        column = matrix[:, index]
        if column.min() == column.max():
            continue
        content = column.tobytes()
        if content not in seen:
            seen.add(content)
            kept.append(index)
    return np.array(kept, np.int64)
