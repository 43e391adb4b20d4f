"""How fast incidents are: `python -m benchmarks.incidents [--incidents N] [--storm N] [--store URL]`.

Three figures, each on a store of its own (SQLite in a folder that is removed, or the named one):

- a storm: equal failures, each in a run of its own, recorded in batches while ten processes read; how
  many a minute, how many transitions, how much the database has grown;
- one by one: the same without batches;
- find: the 95th percentile of each filter over many incidents, for who reads all and who reads half of
  the DAGs.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec

from dagnosis.incidents.contract import Occurrence, Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.model import TaskRef

START = datetime(2026, 8, 1, tzinfo=timezone.utc)
CAUSES = (
    ("network", "network.connection_refused"), ("timeout", "timeout.execution_timeout"),
    ("data_error", "data_error.dataframe_column_missing"), ("code_error", "code_error.key_error"),
    ("out_of_memory", "out_of_memory.killed"),
)  # fmt: skip
READERS, BATCH, DAGS = 10, 500, 200


def failure(number: int, fingerprint: str, dag: str) -> Occurrence:
    """One of many."""
    cause, detail = CAUSES[len(fingerprint + str(number // 13)) % len(CAUSES)]
    when = START + timedelta(seconds=number * 7 % (90 * 86_400))
    return Occurrence(
        task=TaskRef(dag, f"scheduled__{when.isoformat()}__{number}", f"task_{number % 9}"),
        occurred=when,
        found_by="poll",
        fingerprint=fingerprint,
        cause=cause,
        detail=detail,
        title=f"Something of {fingerprint} is wrong with the orders",
        confidence=0.8,
        transience="unknown",
        message=f"SomeError: the value {number} of column amount_{fingerprint} is not what it was",
        quote=f"SomeError: the value {number} of column amount_{fingerprint} is not what it was",
        quote_line=42,
        fix=("Look at the column.", "Tell the owner of the data.", "Run the task again."),
        hostname=f"worker-{number % 40}",
        operator="PythonOperator",
    )


def read(store: str, until: float, seed: int) -> None:
    """One of the readers: a page, an incident, a try, again and again."""
    draw = random.Random(seed)
    with open_incidents(store) as incidents:
        while time.time() < until:
            page = incidents.find(Query(limit=20))
            if page.incidents:
                one = draw.choice(page.incidents)
                incidents.timeline(one.id)
                incidents.occurrences(one.id, limit=10)
            time.sleep(0.2)


def size(store: str) -> int:
    """Bytes of a SQLite store, its log merged."""
    connection = sqlite3.connect(store)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return Path(store).stat().st_size


def storm(store: str, count: int, batch: int) -> None:
    """Equal failures, while others read."""
    open_incidents(store).close()
    before = size(store) if "://" not in store else 0
    context = multiprocessing.get_context("spawn")
    until = time.time() + 3600
    readers = [context.Process(target=read, args=(store, until, n)) for n in range(READERS)]
    for reader in readers:
        reader.start()
    time.sleep(5)
    try:
        with open_incidents(store) as incidents:
            started, used = time.perf_counter(), time.process_time()
            told = 0
            for start in range(0, count, batch):
                failures = [
                    failure(n, "storm", f"dag_{n % DAGS}")
                    for n in range(start, min(start + batch, count))
                ]
                told += sum(one.transition is not None for one in incidents.record(failures))
            took, used = time.perf_counter() - started, time.process_time() - used
            (one,) = incidents.find(Query()).incidents
    finally:
        for reader in readers:
            reader.terminate()
            reader.join()
    assert one.count == count
    grown = f", grown by {(size(store) - before) / 1e6:.1f} MB" if "://" not in store else ""
    print(
        f"{count:,} equal failures in batches of {batch}, {READERS} readers: {count / took * 60:,.0f} a"
        f" minute ({count / used * 60:,.0f} a minute of CPU), {told} transitions{grown}"
    )


def fill(incidents: Incidents, count: int) -> None:
    """Many incidents, every tenth in four DAGs."""

    def failures() -> Iterator[Occurrence]:
        for number in range(count):
            for again in range(1 + (number % 10 == 0) * 3):
                dag = f"dag_{(number * 7 + again) % DAGS}"
                yield failure(number * 13 + again, f"f{number:07}", dag)

    batch: list[Occurrence] = []
    for one in failures():
        batch.append(one)
        if len(batch) == 2000:
            incidents.record(batch)
            batch = []
    incidents.record(batch)
    incidents.set_state(range(5, count, 50), "acknowledged", who="bench")
    incidents.set_state(range(7, count, 500), "resolved", who="bench")


QUERIES: dict[str, Query] = {
    "nothing": Query(),
    "state acknowledged": Query(states=("acknowledged",)),
    "state muted (none)": Query(states=("muted",)),
    "open, acknowledged": Query(states=("open", "acknowledged")),
    "cause": Query(causes=("network",)),
    "detail (none)": Query(causes=("network.dns",)),
    "kind (none)": Query(kinds=("import",)),
    "DAG": Query(dag_id="dag_17"),
    "DAG and task": Query(dag_id="dag_17", task_id="task_3"),
    "task": Query(task_id="task_3"),
    "run (none)": Query(run_id="scheduled__x"),
    "text (many)": Query(text="orders"),
    "text (one)": Query(text="f0000777"),
    "text (none)": Query(text="no such words"),
    "since": Query(since=START + timedelta(days=88)),
    "until": Query(until=START + timedelta(days=1)),
    "order by count": Query(order="count"),
    "order by DAGs": Query(order="dags"),
    "order by first seen": Query(order="first_seen"),
    "all of it": Query(
        states=("open",), causes=("network",), dag_id="dag_17", text="orders", since=START
    ),
}


def find(store: str, count: int, rounds: int) -> None:
    """The 95th percentile of each filter, in milliseconds of this process's wall and CPU time."""
    half = frozenset(f"dag_{n}" for n in range(DAGS // 2))
    few = frozenset(f"dag_{n}" for n in range(3))
    with open_incidents(store) as incidents:
        started = time.perf_counter()
        fill(incidents, count)
        print(f"{count:,} incidents made in {time.perf_counter() - started:.0f} s")
        readers = ("all DAGs", "half of them", "three DAGs")
        print(f"{'wall, CPU in ms; reads':<22}" + "".join(f"{who:>18}" for who in readers))
        for name, query in QUERIES.items():
            figures = [
                _timed(incidents, msgspec.structs.replace(query, readable=readable), rounds)
                for readable in (None, half, few)
            ]
            print(f"{name:<22}" + "".join(f"{wall:>9.1f}{used:>9.1f}" for wall, used in figures))


def _timed(incidents: Incidents, query: Query, rounds: int) -> tuple[float, float]:
    walls, used = [], []
    asked = query
    for _ in range(2 * rounds):  # the first page and the next one, in turn
        wall, cpu = time.perf_counter(), time.process_time()
        page = incidents.find(asked)
        walls.append((time.perf_counter() - wall) * 1000)
        used.append((time.process_time() - cpu) * 1000)
        asked = msgspec.structs.replace(query, cursor="" if asked.cursor else page.next_cursor)
    return _p95(walls), _p95(used)


def _p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=100_000)
    parser.add_argument("--storm", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--store", default="", help="an empty PostgreSQL database")
    parser.add_argument("--only", choices=["storm", "single", "find"], default="")
    arguments = parser.parse_args()
    parts: dict[str, Any] = {
        "storm": lambda store: storm(store, arguments.storm, BATCH),
        "single": lambda store: storm(store, arguments.storm // 50, 1),
        "find": lambda store: find(store, arguments.incidents, arguments.rounds),
    }
    for name, part in parts.items():
        if arguments.only in ("", name):
            with tempfile.TemporaryDirectory() as folder:
                part(arguments.store or str(Path(folder) / "store.db"))


if __name__ == "__main__":
    main()
