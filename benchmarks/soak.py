"""Is memory flat: `python -m benchmarks.soak [--minutes N] [--per-minute N] [--port N]`.

A metadata database with the schema of Airflow 3.3.2 in which tasks fail at a pace, `dagnosis watch`
and `dagnosis serve` as a user starts them, and a reader that fetches a page every second. Printed are
the memory of both processes (resident, every minute), what was counted, and the latency of the pages.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from threading import Event, Thread

from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import open_incidents
from evals.killed import Airflow

PAGES = ("/", "/incidents", "/incidents/1", "/dags/dag_1", "/api/v1/incidents", "/metrics")
WARM_SECONDS = 60.0
"""Memory is compared from then on: what is loaded once has been loaded."""
LAST_SECONDS = 30.0
"""After the last failure, before it is counted what was found."""


def resident(pid: int) -> float:
    """MB of memory that a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Reader:
    """Fetches the pages in turn; `seconds` are how long each took, `failed` how many did not come."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.seconds: list[float] = []
        self.failed = 0

    def read(self, stop: Event) -> None:
        """Until `stop`; a thread's work."""
        while not stop.wait(1.0):
            for page in PAGES:
                began = time.perf_counter()
                try:
                    with urllib.request.urlopen(self.address + page, timeout=60) as answer:
                        answer.read()
                except urllib.error.HTTPError as error:
                    self.failed += error.code != 404  # before there is an incident
                except OSError:
                    self.failed += 1
                else:
                    self.seconds.append(time.perf_counter() - began)
                if stop.is_set():
                    return


def soak(folder: Path, minutes: float, per_minute: float, port: int) -> None:
    """Run everything for so long, and print."""
    airflow = Airflow(folder)
    environment = {**os.environ, **airflow.environment()}
    said = (folder / "said").open("wb")
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "dagnosis", *command],
            env=environment, stdout=said, stderr=said,
        )
        for command in (["watch", "--interval", "2"], ["serve", "--port", str(port)])
    ]  # fmt: skip
    stop, reader = Event(), Reader(f"http://127.0.0.1:{port}")
    threads = [
        Thread(target=airflow.keep_failing, args=(stop, per_minute / 60)),
        Thread(target=reader.read, args=(stop,)),
    ]
    held: list[tuple[float, list[float]]] = []
    try:
        _wait_for(reader.address, started[1])
        for thread in threads:
            thread.start()
        began = time.monotonic()
        while (elapsed := time.monotonic() - began) < minutes * 60:
            if any(one.poll() is not None for one in started):
                raise RuntimeError((folder / "said").read_text(encoding="utf-8")[-2000:])
            held.append((elapsed, [resident(one.pid) for one in started]))
            time.sleep(5)
        stop.set()
        for thread in threads:
            thread.join()
        time.sleep(LAST_SECONDS)
    finally:
        stop.set()
        for one in started:
            one.terminate()
        for one in started:
            one.wait(30)
        said.close()
        airflow.close()
    with open_incidents(str(folder / "store.db")) as incidents:
        found = incidents.find(Query(members=True, limit=200)).incidents
    counted = sum(one.count for one in found)
    print(
        f"{len(airflow.failed):,} tries failed, {counted:,} are counted in {len(found)} incidents"
    )
    for place, name in enumerate(("watch", "serve")):
        grown = [memory[place] for seconds, memory in held if seconds >= WARM_SECONDS]
        print(
            f"{name}: {' '.join(f'{memory[place]:.0f}' for _, memory in held[::12])} MB, a minute each;"
            f" {_slope([(s, m[place]) for s, m in held if s >= WARM_SECONDS]):+.2f} MB a minute"
            f" after the first, {_slope([(s, m[place]) for s, m in held[-len(held) // 3 :]]):+.2f} in the"
            f" last third, at most {max(grown, default=0):.0f} MB"
        )
    ordered = sorted(reader.seconds)
    print(
        f"{len(ordered):,} pages: median {statistics.median(ordered) * 1000:.0f} ms, 95 % within"
        f" {ordered[int(len(ordered) * 0.95)] * 1000:.0f} ms; {reader.failed} did not come"
    )


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            if server.poll() is not None:
                raise RuntimeError("serve has ended by itself") from None
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("serve does not answer")


def _slope(points: list[tuple[float, float]]) -> float:
    """MB a minute, by least squares; 0 for too few points."""
    if len(points) < 3:
        return 0.0
    return statistics.linear_regression(*zip(*points, strict=True)).slope * 60


def main() -> None:
    """Soak and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--per-minute", type=float, default=100)
    parser.add_argument("--port", type=int, default=32010)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soak(Path(folder), arguments.minutes, arguments.per_minute, arguments.port)


if __name__ == "__main__":
    main()
