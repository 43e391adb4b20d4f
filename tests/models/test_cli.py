"""`dagnosis models` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dagnosis.models import store
from tests.models.making import make
from tests.test_cli import run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGNOSIS_MODELS_DIR", str(tmp_path / "models"))
    for number in (1, 2):
        make(tmp_path / str(number), number=number)
        store.promote("toy", tmp_path / str(number), tmp_path / "models")
    return tmp_path / "models"


def test_list_verify_and_rollback(home: Path) -> None:
    rows = [json.loads(line) for line in run("models", "list", "--json").stdout.splitlines()]
    mine = [row for row in rows if row["name"] == "toy"]
    assert [(row["origin"], row["current"]) for row in mine] == [
        ("promoted", False),
        ("promoted", True),
    ]
    assert run("models", "verify").returncode == 0
    assert mine[0]["version"] in run("models", "rollback", "toy").stdout
    assert json.loads(run("models", "rollback", "toy", "--json").stdout)["version"] is None
    ran = run("models", "rollback", "toy")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "no promoted version" in ran.stderr


def test_verify_names_the_damaged_file(home: Path) -> None:
    opened = store.open_model("toy", folder=home)
    assert opened
    (opened.folder / "weights.json").write_text("{}")
    ran = run("models", "verify")
    assert ran.returncode == 3
    assert "weights.json: is damaged" in ran.stderr
    assert "refused" in ran.stdout
