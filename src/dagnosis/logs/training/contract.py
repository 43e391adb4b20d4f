"""What a trainer is: it makes a model from labels, and judges a model on labels.

A trainer is a module of this folder, called as its model, with a value `TRAINER`; `dagnosis retrain
NAME` imports that module alone. It may import torch or scikit-learn at its top: a missing library is a
message, not a traceback.
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


def trainer(name: str) -> Trainer:
    """The trainer of the model `name`.

    Raises `WrongUse` where there is none, and where a library is missing that it needs.
    """
    if name not in _modules():
        raise WrongUse(f"retrain: no model called {name!r} is trained here")
    found = _load(name)
    if found is None:
        raise WrongUse(f"retrain: {name} does not learn from feedback")
    return found


def trainers() -> tuple[list[Trainer], list[WrongUse]]:
    """Every trainer, in order of name, and why others cannot be loaded: libraries that are missing."""
    found: list[Trainer] = []
    missing: dict[str, WrongUse] = {}
    for name in _modules():
        try:
            one = _load(name)
        except WrongUse as error:
            missing[str(error)] = error
            continue
        if one is not None:
            found.append(one)
    return found, list(missing.values())


def _modules() -> list[str]:
    from dagnosis.logs import training

    return sorted(module.name for module in pkgutil.iter_modules(training.__path__))


def _load(name: str) -> Trainer | None:
    try:
        module = import_module(f"dagnosis.logs.training.{name}")
    except ModuleNotFoundError as error:
        raise needs(error) from None
    found: Trainer | None = getattr(module, "TRAINER", None)
    return found


def needs(missing: ModuleNotFoundError) -> WrongUse:
    """What to do about a library that is not installed."""
    return WrongUse(f"retrain: training needs {missing.name}; run pip install 'dagnosis[train]'")
