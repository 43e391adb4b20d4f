"""All faults, found by walking lab/faults/<family>/<name>.py. Loading needs no Airflow.

`python -m lab.catalogue` writes the tables of lab/README.md anew.
"""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pathlib import Path
from zlib import crc32

from lab.fault import FAMILIES, Fault, noisy

README = Path(__file__).parent / "README.md"
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


_NEEDS = {
    "postgres": "PostgreSQL, a cluster of its own",
    "web": "an HTTP(S) server: 4xx, 5xx, slow, cut off, reset, bad TLS, proxy, AWS errors",
    "aws": "moto",
    "ssh": "an SSH server",
    "kubernetes": "a Kubernetes API for kubectl",
    "mounts": "small, read-only and inode-poor disks",
    "cgroup": "a memory cgroup",
    "sqlite_metadata": "the metadata database itself",
    "javac": "Java",
    "node": "Node.js",
}


def tables() -> str:
    """Counts of faults by family and by counterpart, in Markdown."""
    faults, loud = load_all(), load_noisy()
    rows = ["| family | faults | also or only under Airflow 2 | again in a noisy log |"]
    rows.append("| --- | ---: | ---: | ---: |")
    for family in (*FAMILIES, ""):
        here = [fault for fault in faults if family in ("", fault.family)]
        twins = sum(fault.twin or fault.only_twin for fault in here)
        noisy_ones = sum(family in ("", fault.family) for fault in loud)
        rows.append(f"| {family or '**all**'} | {len(here)} | {twins} | {noisy_ones} |")
    rows += ["", "| counterpart or tool | faults |", "| --- | ---: |"]
    needs = Counter(need for fault in faults for need in fault.needs)
    rows += [f"| {_NEEDS.get(need, need)} | {count} |" for need, count in needs.most_common()]
    return "\n".join(rows) + "\n"


def in_readme(text: str) -> str:
    """The README with today's tables between its two marks."""
    start, end = "<!-- tables: python -m lab.catalogue -->\n", "<!-- end of tables -->"
    head, _, rest = text.partition(start)
    return f"{head}{start}{tables()}{end}{rest.partition(end)[2]}"


if __name__ == "__main__":
    README.write_text(in_readme(README.read_text(encoding="utf-8")), encoding="utf-8")
