"""All faults, found by walking lab/faults/<family>/<name>.py. Loading needs no Airflow."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from zlib import crc32

from lab.fault import Fault, noisy

FOLDER = Path(__file__).parent / "faults"

EVERY = 4
"""About one fault in so many also runs in a long, noisy log."""


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


def load_noisy() -> list[Fault]:
    """The noisy variants of faults that have tasks and are left in peace; the name decides."""
    return [
        noisy(fault)
        for fault in load_all()
        if fault.build and not fault.during and crc32(fault.name.encode()) % EVERY == 0
    ]


def path_of(fault: Fault) -> Path:
    """The file of a fault, by its family and name; a noisy one has that of its original."""
    return FOLDER / fault.family / f"{fault.name.removesuffix('_noisy')}.py"


def text_of(fault: Fault) -> str:
    """The DAG file that runs it."""
    if fault.source is not None:
        return fault.source
    code = path_of(fault).read_text(encoding="utf-8")
    if fault.chatter:
        return f"{code}\n\nfrom lab.fault import noisy\n\ndag = noisy(FAULT).dag()\n"
    return f"{code}\n\ndag = FAULT.dag()\n"
