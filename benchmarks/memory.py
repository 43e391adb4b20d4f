"""What looking up earlier answers costs: `python -m benchmarks.memory`.

CPU time, best of several: of the lookup by fingerprint and of the nearest failures among 1,000 and
10,000, as each `explain` does them; of importing what reads a SQLite file, beside SQLAlchemy.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import msgspec
import sqlalchemy as sa

from dagnosis.incidents import schema
from dagnosis.incidents.memory import open_memory
from dagnosis.incidents.store import Remembered, open_store
from dagnosis.logs.diagnosers.vectors import VERSION, vector

WORDS = (
    "connection refused reset key error amount disk full table orders column missing timeout read "
    "host pool query rejected partner file empty schema cursor closed memory limit"
).split()
TRIES = 3
"""Tries that failed alike, for each failure."""


def fill(path: Path, failures: int) -> None:
    """A store with so many failures."""
    chosen = random.Random(0)
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    kinds, tries = [], []
    for kind in range(failures):
        message = f"AcmeError: {' '.join(chosen.choices(WORDS, k=8))}"
        seen = start + timedelta(minutes=kind)
        found = {"fingerprint": f"{kind:016x}", "vector": vector(message).tobytes()}
        kinds.append({**found, "vector_version": VERSION, "seen": seen})
        for number in range(TRIES):
            made = Remembered(
                id=f"{kind * TRIES + number:016x}", fingerprint=f"{kind:016x}", cause="network",
                detail="network.refused", title="Refused", confidence=0.8, transience="transient",
                engine="rules", message=message, lines=message * 20, source="a.log",
                occurred=seen, diagnosed=seen, dag_id="orders", run_id="r", task_id="load",
            )  # fmt: skip
            row = msgspec.structs.asdict(made)
            tries.append({k: v for k, v in row.items() if not k.startswith("vector")})
    with open_store(str(path)) as store, store._writing() as connection:
        connection.execute(sa.insert(schema.failure), kinds)
        connection.execute(sa.insert(schema.diagnosis), tries)


def best(work: Callable[[], object], times: int = 7) -> float:
    """CPU milliseconds of the fastest of several calls."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken) * 1000


def importing(what: str) -> float:
    """CPU milliseconds of importing modules into a fresh Python."""
    code = f"import time; t = time.process_time(); import {what}; print(time.process_time() - t)"

    def once() -> float:
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        return float(ran.stdout)

    return min(once() for _ in range(5)) * 1000


def main() -> None:
    """Print all of it."""
    for failures in (1000, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "store.db")
            fill(path, failures)
            memory = open_memory(str(path))
            assert memory
            asked = vector("AcmeError: connection refused by the partner")
            same = best(partial(memory.lookup, "f" * 16))
            near = best(partial(memory.nearest, asked, 20))
            print(f"{failures:6} failures: by fingerprint {same:.2f} ms, nearest {near:.1f} ms")
    for what in ("sqlite3", "numpy", "sqlalchemy"):
        print(f"import {what}: {importing(what):.0f} ms")


if __name__ == "__main__":
    main()
