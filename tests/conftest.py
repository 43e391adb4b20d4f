"""Tests neither read nor write the models and the store of whoever runs them."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    home: Path = tmp_path_factory.getbasetemp() / "user-data"
    monkeypatch.setenv("DAGNOSIS_MODELS_DIR", str(home / "models"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
