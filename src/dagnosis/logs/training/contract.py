"""What a trainer is: it makes a model from labels, and judges a model on labels.

A trainer is a module of this folder with a value `TRAINER`; `dagnosis retrain NAME` finds it by its
`name`. Modules may import torch or scikit-learn at their top: they are imported when they are asked
for, and a missing library is a message, not a traceback.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, TypeAlias

import msgspec

from dagnosis.errors import WrongUse
from dagnosis.logs.labels import Label

Progress: TypeAlias = Callable[[float, str], None]
"""Called with the share that is done, in [0, 1], and a word for what is being done."""


class Evaluation(msgspec.Struct, frozen=True):
    """How a model did on some items, in their order: `right` says of each whether its answer is,
    `figures` are qualities by name. Both are empty where there are no items."""

    right: tuple[bool, ...] = ()
    figures: dict[str, float] = {}


class Trainer(Protocol):
    """Makes and judges the model called `name`, whose files have the layout `format`."""

    name: str
    format: int

    def train(self, labels: Sequence[Label], seed: int, out: Path, progress: Progress) -> Path:
        """Train on what is shipped and on `labels`, which are in order of time; `out` is empty.

        Gives the folder of the model, with its manifest, whose `until` is the time of the last
        label. The same labels and seed give the same model. A label counts as its `weight` says; no
        label may stand in the files.
        """

    def evaluate(self, folder: Path | None, labels: Sequence[Label] | None) -> Evaluation:
        """Judge a model on `labels`, or, where they are None, on the evaluation set that is shipped.

        `folder` None judges what is answered without any model.
        """


def trainers() -> dict[str, Trainer]:
    """Every trainer by its name, in order.

    Raises `WrongUse` when a library is missing that training needs.
    """
    from dagnosis.logs import training

    found: dict[str, Trainer] = {}
    for module in sorted(pkgutil.iter_modules(training.__path__), key=lambda one: one.name):
        try:
            trainer = getattr(import_module(f"{training.__name__}.{module.name}"), "TRAINER", None)
        except ModuleNotFoundError as error:
            raise WrongUse(
                f"retrain: training needs {error.name}; run pip install 'dagnosis[train]'"
            ) from None
        if trainer is not None:
            found[trainer.name] = trainer
    return found
