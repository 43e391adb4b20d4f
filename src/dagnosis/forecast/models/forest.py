"""Two forests: the plain one of the textbooks, and one that knows the history."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from dagnosis.forecast.design import Matrix
from dagnosis.forecast.models import Rows
from dagnosis.forecast.models.trees import SEED, Trees


class Forest(Trees):
    """A random forest of 100 trees on the plain columns of the run table: ids as codes, hour,
    weekday, what was asked for. With a random split it looks good; by time it is near the base rate,
    since a run's columns do not say how the last ones went. Kept as a row in every report."""

    name: ClassVar[str] = "forest"

    def make(self) -> Any:
        """RandomForestClassifier(n_estimators=100, random_state=42)."""
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(n_estimators=100, random_state=SEED)

    def matrix(self, rows: Rows) -> Matrix:
        """The plain columns; raises ValueError where `rows` has none."""
        if rows.plain is None:
            raise ValueError("the plain forest needs plain columns")
        return np.nan_to_num(rows.plain, nan=-1)


class HistoryForest(Trees):
    """A forest on the design matrix. Extremely randomised trees: thresholds are drawn, not searched,
    which is a fraction of a random forest's time and held up no worse on later time."""

    name: ClassVar[str] = "forest-history"

    def make(self) -> Any:
        """ExtraTreesClassifier, 60 trees, leaves of 8 rows or more."""
        from sklearn.ensemble import ExtraTreesClassifier

        return ExtraTreesClassifier(
            n_estimators=60, min_samples_leaf=8, max_features="sqrt", random_state=SEED
        )
