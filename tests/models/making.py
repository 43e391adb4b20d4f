"""Small models for the tests."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

from dagnosis.models import manifest
from dagnosis.models.manifest import Manifest


def make(folder: Path, name: str = "toy", number: int = 0, format: int = 1) -> Manifest:  # noqa: A002
    """A model whose content and version follow from `number`."""
    folder.mkdir(parents=True)
    (folder / "weights.json").write_text(json.dumps({"number": number, "pad": "x" * 5000}))
    (folder / "card.md").write_text(f"# Toy {number}\n")
    created = datetime.fromtimestamp(1_780_000_000 + number, timezone.utc)
    return manifest.write(folder, name, created=created, figures={"f1": 0.5}, format=format)


def number_of(folder: Path) -> int:
    """What a loader would get."""
    found: int = json.loads((folder / "weights.json").read_text())["number"]
    return found
