"""Boosted trees: scikit-learn's histogram gradient boosting on the design matrix."""

from __future__ import annotations

from typing import Any, ClassVar

from dagnosis.forecast.models.trees import SEED, Trees


class Boosted(Trees):
    """Sees what columns say together; slow steps and small trees, as failures are few."""

    name: ClassVar[str] = "boosted"

    def make(self) -> Any:
        """150 trees of 15 leaves, each a step of 0.05."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        return HistGradientBoostingClassifier(
            max_iter=150,
            learning_rate=0.05,
            max_leaf_nodes=15,
            min_samples_leaf=50,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=SEED,
        )
