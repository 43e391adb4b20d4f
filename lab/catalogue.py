"""All faults, found by walking lab/faults/<family>/<name>.py. Loading needs no Airflow."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from lab.fault import Fault

FOLDER = Path(__file__).parent / "faults"


def files() -> list[Path]:
    """Every fault file, sorted by family and name."""
    return sorted(path for path in FOLDER.glob("*/*.py") if path.stem != "__init__")


def load(path: Path) -> Fault:
    """The fault in one file; `AttributeError` where it has no `FAULT`."""
    module = import_module(f"lab.faults.{path.parent.name}.{path.stem}")
    fault: Fault = module.FAULT
    return fault


def load_all() -> list[Fault]:
    """Every fault, sorted by family and name."""
    return [load(path) for path in files()]


def path_of(fault: Fault) -> Path:
    """The file of a fault, by its family and name."""
    return FOLDER / fault.family / f"{fault.name}.py"
