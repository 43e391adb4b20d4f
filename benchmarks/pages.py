"""How soon a page is there, with 100,000 incidents: `python -m benchmarks.pages [INCIDENTS] [STORE]`.

A SQLite store is filled (kept where a path is given, and then used again), `dagnosis serve` is started
on it as a user would, and each page is fetched in turn over HTTP, after one visit to warm up. Printed
are the median and the 95th percentile of each page in milliseconds, the processor time that the server
spent on one (its own `process_cpu_seconds_total`: what is left of the figure on a machine that does other
things as well), and the figures of all pages while ten clients read at once.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlencode

from dagnosis.incidents.contract import Occurrence
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.model import FAMILIES, TaskRef

PAGES = {
    "overview": "/",
    "incidents": "/incidents",
    "incidents, open": "/incidents?state=open",
    "incidents, whatever their state": "/incidents?state=any",
    "incidents, muted (none)": "/incidents?state=muted",
    "incidents, by count": "/incidents?order=count",
    "incidents, by DAGs": "/incidents?order=dags",
    "incidents, by first seen": "/incidents?order=first_seen",
    "incidents, one family, by DAG": "/incidents?cause=network&group=dag",
    "incidents, by cause": "/incidents?group=cause",
    "incidents, one DAG": "/incidents?dag_id=dag_17",
    "incidents, of a day": "/incidents?days=1",
    "incidents, of a month": "/incidents?days=30",
    "incidents, another kind (none)": "/incidents?kind=import",
    "incidents, a rare text": "/incidents?text=relation+4711",
    "incidents, a text of all": "/incidents?text=relation",
    "incidents, no such text": "/incidents?text=no+such+words",
    "incidents, all filters": "/incidents?text=relation&cause=network&dag_id=dag_17&days=30&state=open",
    "incident": "/incidents/4711",
    "DAG": "/dags/dag_17",
    "run": "/dags/dag_17/runs/run_17",
    "task": "/dags/dag_17/runs/run_17/tasks/task_17",
    "API, incidents": "/api/v1/incidents?limit=50",
    "API, incidents, until": "/api/v1/incidents?until=2020-01-01T00:00:00Z",
    "API, incidents, a task": "/api/v1/incidents?task_id=task_17",
    "API, counts of 60 days": "/api/v1/counts?"
    + urlencode({name: (datetime.now(timezone.utc) - timedelta(days=days)).isoformat()
                 for name, days in (("since", 60), ("until", 0))}),
}  # fmt: skip
TIMES = 20
BLOCK = 2000


def occurrences(count: int) -> Iterator[Occurrence]:
    """One failure of each incident, over 60 days, 500 DAGs and all families; every fifth has a second."""
    chance = random.Random(1)
    now = datetime.now(timezone.utc)
    for number in range(count):
        cause = FAMILIES[number % len(FAMILIES)]
        for again in range(2 if number % 5 == 0 else 1):
            yield Occurrence(
                task=TaskRef(f"dag_{number % 500}", f"run_{number}", f"task_{number % 37}", -1, 1 + again),
                occurred=now - timedelta(seconds=chance.uniform(60, 60 * 86_400)),
                found_by="poll",
                fingerprint=f"{number:016x}",
                cause=cause,
                detail=f"{cause}.made_up",
                title=f"The relation {number} does not exist",
                confidence=0.9,
                transience="permanent",
                message=f'UndefinedTable: relation "mart.sales_{number}" does not exist',
                quote=f'psycopg2.errors.UndefinedTable: relation "mart.sales_{number}" does not exist',
                quote_line=42,
                fix=("See that the migration ran.", "Correct the schema."),
            )  # fmt: skip


def fill(store: Incidents, count: int) -> None:
    """Record them in blocks."""
    block: list[Occurrence] = []
    for one in occurrences(count):
        block.append(one)
        if len(block) == BLOCK:
            store.record(block)
            block.clear()
    store.record(block)


def deep(base: str) -> dict[str, str]:
    """The twentieth page of the incidents, as the API leads to it."""
    cursor = ""
    for _ in range(19):
        with urllib.request.urlopen(
            f"{base}/api/v1/incidents?cursor={cursor}", timeout=60
        ) as answer:
            cursor = json.load(answer)["next_cursor"]
    return {"API, incidents, 20th page": f"/api/v1/incidents?cursor={cursor}"}


def fetch(address: str) -> float:
    """Milliseconds until the last byte."""
    started = time.perf_counter()
    with urllib.request.urlopen(address, timeout=60) as answer:
        answer.read()
    return (time.perf_counter() - started) * 1000


def spent(base: str) -> float:
    """Processor time of the server so far, in milliseconds."""
    with urllib.request.urlopen(f"{base}/metrics", timeout=60) as answer:
        found = re.search(rb"^process_cpu_seconds_total (\S+)$", answer.read(), re.MULTILINE)
    return float(found[1]) * 1000 if found else float("nan")


def figures(times: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    ordered = sorted(times)
    return ordered[len(ordered) // 2], ordered[min(int(len(ordered) * 0.95), len(ordered) - 1)]


def main() -> None:
    """Fill, serve, fetch, print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(folder) / "store.db"
        fresh = not path.is_file()
        with open_incidents(str(path)) as store:
            if fresh:
                started = time.perf_counter()
                fill(store, count)
                print(f"{count:,} incidents recorded in {time.perf_counter() - started:.0f} s")
        with served(str(path), Path(folder)) as base:
            PAGES.update(deep(base))
            measure(base)


@contextmanager
def served(store: str, folder: Path) -> Iterator[str]:
    """`dagnosis serve` on a store; the address of its pages, without the last slash."""
    settings = {"STORE": store, "PROFILES": folder / "profiles.db", "SERVE_RATE": 1e6}
    env = {f"DAGNOSIS_{key}": str(value) for key, value in settings.items()}
    command = [sys.executable, "-m", "dagnosis", "serve", "--port", "0"]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, **env})
    try:
        assert server.stderr
        yield server.stderr.readline().split()[-1].rstrip("/")
    finally:
        server.terminate()
        server.wait(15)


def measure(base: str) -> None:
    """Time each page."""
    every: list[float] = []
    slowest = (0.0, "")
    print(f"{'page':<34}{'median':>9}{'p95':>9}{'cpu':>9}   ms")
    for name, page in PAGES.items():
        fetch(base + page)
        before = spent(base)
        times = [fetch(base + page) for _ in range(TIMES)]
        own = (spent(base) - before) / TIMES
        every += times
        slowest = max(slowest, (figures(times)[1], name))
        print(f"{name:<34}{figures(times)[0]:>9.1f}{figures(times)[1]:>9.1f}{own:>9.1f}")
    print(f"{'all of them':<34}{figures(every)[0]:>9.1f}{figures(every)[1]:>9.1f}")
    print(f"{'the slowest of them':<34}{'':>9}{slowest[0]:>9.1f}   ({slowest[1]})")
    with ThreadPoolExecutor(10) as clients:
        asked = [base + page for page in PAGES.values()] * 10
        crowd = list(clients.map(fetch, asked))
    print(f"{'ten clients at once':<34}{figures(crowd)[0]:>9.1f}{figures(crowd)[1]:>9.1f}")


if __name__ == "__main__":
    main()
