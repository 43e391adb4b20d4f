"""Words and pairs of words, weighed one by one: quick, and wrong elsewhere than the networks are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_WORD = r"(?u)<\*>|\w+|[^\w\s]"
_EPOCHS = 5
_PENALTY = 4e-6


class Linear:
    """Texts -> probabilities of the outputs, by logistic regression; `learn` first."""

    def __init__(self, seed: int = 0) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import SGDClassifier

        self._vectors: Any = TfidfVectorizer(
            ngram_range=(1, 2), token_pattern=_WORD, min_df=2, sublinear_tf=True
        )
        self._model: Any = SGDClassifier(
            loss="log_loss",
            alpha=_PENALTY,
            max_iter=_EPOCHS,
            tol=None,
            average=True,
            random_state=seed,
        )

    def learn(
        self, texts: Sequence[str], targets: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> None:
        """Train on texts with targets (texts, outputs), of which the largest is learned.

        `weights` (outputs,) are those of the loss.
        """
        label = targets.argmax(1)
        inputs = self._vectors.fit_transform(texts)
        self._model.fit(inputs, label, sample_weight=weights[label])
        self._outputs = targets.shape[1]

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (texts, outputs); rows sum to 1. An output that was never learned has none."""
        found = np.zeros((len(texts), self._outputs), np.float32)
        if texts:
            found[:, self._model.classes_] = self._model.predict_proba(
                self._vectors.transform(texts)
            )
        return found
