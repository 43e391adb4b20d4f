"""How many incidents a minute are taken in while ten clients read:
`python -m benchmarks.ingest [--writers N] [--batch N] [--failures N] [--filled N] [--postgres]`.

`dagnosis serve` is started on the store, and ten clients ask it for a page each `PAUSE` seconds. Then as
many processes as there are writers record failures. Each incident occurs twice; of two writers each
records one of both, so that they work on the same incidents at the same time, and every tenth failure
is recorded by every writer, as where two watches follow one Airflow. In the end nothing may be missing,
nothing counted twice, and nothing there twice.

Printed are what was recorded, by the minute of wall time and of one writer's processor time, and the
median and 95th percentile of the pages meanwhile. SQLite in a folder that is removed, or a PostgreSQL
of its own (`--postgres`; Debian's server, with fsync as it is in production).
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import Event
from typing import Any

from benchmarks.incidents import DAGS, failure
from benchmarks.pages import PAGES, fetch, figures, fill, served
from dagnosis.incidents.incidents import Incidents, open_incidents
from lab.services.postgres import Cluster

CLIENTS, PAUSE = 10, 0.5
LEAST = 5000
"""Incidents that are there before, so that each page has something to show."""
SHARED = 10
"""Every so many failures one is recorded by all writers."""


def write(
    store: str, number: int, writers: int, failures: int, batch: int, start: Barrier, said: Any
) -> None:
    """One writer: its part of the failures, in batches; says what was known, and the time it took."""
    mine = [
        failure(n, f"ingest{n // 2:06}", f"dag_{n % DAGS}")
        for n in range(failures)
        if n % writers == number or n % SHARED == 0
    ]
    with open_incidents(store) as incidents:
        start.wait()
        used = time.process_time()
        known = 0
        for first in range(0, len(mine), batch):
            known += sum(one.known for one in incidents.record(mine[first : first + batch]))
        said.put((len(mine), known, time.process_time() - used))


def click(base: str, until: Event) -> list[float]:
    """One client: a page after another, until the writers are done; milliseconds of each."""
    times: list[float] = []
    for page in itertools.cycle(PAGES.values()):
        if until.is_set():
            return times
        times.append(fetch(base + page))
        until.wait(PAUSE)
    raise AssertionError


def ingest(store: str, base: str, writers: int, failures: int, batch: int) -> None:
    """Write and read at once; print, after it is clear that all is there."""
    context = multiprocessing.get_context("spawn")
    start, said, done = context.Barrier(writers + 1), context.Queue(), Event()
    started = [
        context.Process(target=write, args=(store, n, writers, failures, batch, start, said))
        for n in range(writers)
    ]
    for process in started:
        process.start()
    with open_incidents(store) as incidents, ThreadPoolExecutor(CLIENTS) as clients:
        before = _counted(incidents)
        reading = [clients.submit(click, base, done) for _ in range(CLIENTS)]
        start.wait()
        began = time.perf_counter()
        try:
            told = [said.get(timeout=3600) for _ in started]
            took = time.perf_counter() - began
        finally:
            done.set()
        times = [taken for client in reading for taken in client.result()]
        for process in started:
            process.join()
            assert process.exitcode == 0
        _check(incidents, before, failures, told)
    used = sum(one[2] for one in told)
    print(
        f"{failures:,} failures of {failures // 2:,} new incidents, {writers} writers, batches of {batch}:"
        f" {failures / took * 60:,.0f} failures and {failures / took * 30:,.0f} incidents a minute"
        f" ({sum(one[0] for one in told) / used * 60:,.0f} failures a minute of CPU)"
    )
    middle, late = figures(times)
    print(f"{len(times)} pages meanwhile: median {middle:.0f} ms, p95 {late:.0f} ms")


def _counted(incidents: Incidents) -> tuple[int, ...]:
    """Incidents, what they count, tries that are kept, words that an incident is new."""
    query = """SELECT count(*), coalesce(sum("count"), 0), (SELECT count(*) FROM occurrence),
        (SELECT count(*) FROM incident_entry WHERE what = 'new') FROM incident"""
    return tuple(map(int, incidents.rows(query, {})[0]))


def _check(
    incidents: Incidents, before: tuple[int, ...], failures: int, told: list[tuple[int, int, float]]
) -> None:
    """Nothing lost, nothing counted twice, no incident twice, each told as new once."""
    grown = [now - was for now, was in zip(_counted(incidents), before, strict=True)]
    assert grown == [failures // 2, failures, failures, failures // 2], grown
    uneven = "SELECT count(*) FROM incident WHERE fingerprint LIKE 'ingest%' AND \"count\" <> 2"
    assert incidents.rows(uneven, {})[0][0] == 0
    assert sum(known for _, known, _ in told) == sum(mine for mine, _, _ in told) - failures


@contextmanager
def store(folder: Path, postgres: bool) -> Iterator[str]:
    """The setting of an empty store."""
    if not postgres:
        yield str(folder / "store.db")
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder.chmod(0o755)  # the server runs as its own user
    cluster = Cluster(port, folder / "postgres")
    cluster.start("-c fsync=on")
    try:
        yield f"postgresql://postgres:lab@127.0.0.1:{port}/postgres"
    finally:
        cluster.stop()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writers", type=int, default=1)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--failures", type=int, default=20_000)
    parser.add_argument("--filled", type=int, default=LEAST, help="incidents that are there before")
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, store(Path(name), asked.postgres) as place:
        with open_incidents(place) as incidents:
            fill(incidents, asked.filled)
        with served(place, Path(name)) as base:
            ingest(place, base, asked.writers, asked.failures, asked.batch)


if __name__ == "__main__":
    main()
