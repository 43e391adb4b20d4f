"""What one would do without a model: the last outcome, or the share of failures in the last ten.

They are the bar: a model that does not beat them is not promoted.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import msgspec
import numpy as np
from typing_extensions import Self

from dagnosis.forecast.features import NAMES
from dagnosis.forecast.models import Chances, Labels, Rows, Weights

_OUTCOMES = NAMES.index("task.outcomes")
_LAST_TEN = NAMES.index("task.last10")
_STREAK = NAMES.index("task.streak")


class _Counted:
    """Knows the base rate only, for tasks without outcomes."""

    name: ClassVar[str]

    def __init__(self) -> None:
        self.base = 0.1

    def fit(self, rows: Rows, labels: Labels, weights: Weights) -> Self:
        """The base rate; 0.1 without rows."""
        if len(labels):
            self.base = float((weights * (labels == 1)).sum() / weights.sum())
        return self

    def save(self, folder: Path) -> None:
        """As JSON."""
        (folder / f"{self.name}.json").write_bytes(msgspec.json.encode({"base": self.base}))

    def load(self, folder: Path) -> Self:
        """From JSON."""
        self.base = msgspec.json.decode((folder / f"{self.name}.json").read_bytes())["base"]
        return self


class LastTen(_Counted):
    """The share of failures among the last ten known outcomes of the task."""

    name = "last-10"

    def predict(self, rows: Rows) -> Chances:
        """In tenths; the base rate for a task without outcomes."""
        known = np.minimum(rows.raw[:, _OUTCOMES], 10)
        share = rows.raw[:, _LAST_TEN] / np.maximum(known, 1)
        return np.where(known > 0, share, self.base).astype(float)


class PreviousState(_Counted):
    """1 after a failure, 0 after a success."""

    name = "previous-state"

    def predict(self, rows: Rows) -> Chances:
        """0, 1, or the base rate for a task without outcomes."""
        streak = rows.raw[:, _STREAK]
        return np.where(streak == 0, self.base, streak > 0).astype(float)
