"""What deciding about a retry takes: `python -m benchmarks.retries [--runs N]`.

From a live exception alone, and with the try's own log of 10 kB and 1 MB, warm; and the first decision
of a fresh process, imports and all, with the cache of causes and without it. CPU milliseconds, medians; wall
time beside it. Airflow is not needed: the policy adds a thread and the path of the log.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.explain import write_log
from dagnosis.logs.reading import read_path
from dagnosis.services.retry import LIMITS, decide, examine_try

_COLD = """
import time
wall, cpu = time.perf_counter(), time.process_time()
from dagnosis.services.retry import decide, examine_try
error = RuntimeError("429 Too Many Requests: rate limit exceeded, try again in 20s")
assert decide(examine_try(error, None), errors=[error]).action == "retry"
print(time.perf_counter() - wall, time.process_time() - cpu)
"""


def timed(call: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median CPU and wall time, milliseconds."""
    found = []
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        found.append((time.process_time() - cpu, time.perf_counter() - wall))
    cpus, walls = zip(*found, strict=True)
    return statistics.median(cpus) * 1000, statistics.median(walls) * 1000


def cold(runs: int, cache: str | None) -> tuple[float, float]:
    """The first decision of a fresh process; each with an empty cache where `cache` is None."""
    found = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as empty:
            environment = {**os.environ, "XDG_CACHE_HOME": cache or empty}
            ran = subprocess.run(
                [sys.executable, "-c", _COLD],
                env=environment,
                capture_output=True,
                text=True,
                check=True,
            )
        wall, cpu = map(float, ran.stdout.split())
        found.append((cpu, wall))
    cpus, walls = zip(*found, strict=True)
    return statistics.median(cpus) * 1000, statistics.median(walls) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    runs = parser.parse_args().runs
    error = ModuleNotFoundError("No module named 'pandas'")

    def made(path: Path | None) -> Callable[[], object]:
        log = (lambda: read_path(path, LIMITS)) if path else (lambda: None)
        return lambda: decide(examine_try(error, log()), errors=[error])

    with tempfile.TemporaryDirectory() as folder:
        rows = {"exception alone": timed(made(None), runs)}
        for name, records in (("log of 10 kB", 30), ("log of 1 MB", 3000)):
            path = Path(folder, f"{records}.log")
            write_log(path, records)
            made(path)()
            rows[f"warm, {name}"] = timed(made(path), runs)
        cache = str(Path(folder, "cache"))
        cold(1, cache)
        rows["first of a process"] = cold(runs // 2 + 1, cache)
        rows["first on a machine"] = cold(3, None)
    print(f"milliseconds, medians, load {os.getloadavg()[0]:.1f}")
    for name, (cpu, wall) in rows.items():
        print(f"{name:20} CPU {cpu:7.1f}   wall {wall:7.1f}")


if __name__ == "__main__":
    main()
