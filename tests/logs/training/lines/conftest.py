"""A tiny model, trained once."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.logs.training.lines.generated import corpus


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that was trained in a second or two."""
    pytest.importorskip("torch")
    from dagnosis.logs.training.lines.corpus import folds
    from dagnosis.logs.training.lines.recipe import Recipe
    from dagnosis.logs.training.lines.train import train

    folder = tmp_path_factory.mktemp("tiny") / "lines"
    rows = corpus()
    train(rows, msgspec.structs.replace(Recipe(), **TINY), folder, where=folds(rows, 2))
    return folder


TINY = {"epochs": 6, "hidden": 8, "width": 16, "vocabulary": 300, "rate": 2e-2, "batch": 32}
