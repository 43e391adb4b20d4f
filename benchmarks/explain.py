"""How long a diagnosis takes: `python -m benchmarks.explain [--runs N]`.

A log of 1 MB in the format of Airflow 3 (3,000 records, then a failure) is diagnosed by the command
from a cold start and warm through the API; beside it, in the same run, what one would do by hand:
`grep -nE 'ERROR|error|Traceback'` on the same file. Prints medians.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from dagnosis import explain


def write_log(path: Path, records: int = 3000) -> None:
    """A try of Airflow 3 as it is written: chatter of the task, then the exception."""
    bound = {
        "dag_id": "orders",
        "run_id": "scheduled__2026-01-01",
        "task_id": "load",
        "try_number": 1,
    }
    with path.open("w") as out:
        for number in range(records):
            row = {
                "timestamp": f"2026-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}.000000Z",
                "level": "info",
                "event": f"batch {number}: {number * 37 % 1000} rows loaded in {number % 90} ms, "
                "0 errors (timeout=30) " + "x" * 40,
                "logger": "etl.pipeline",
                "filename": "pipeline.py",
                "lineno": 12,
                "map_index": -1,
                "ti_id": "01a2025d-e45a-7ca0-b117-ee01d1850c04",
                **bound,
            }
            out.write(json.dumps(row) + "\n")
        frames = [{"filename": "/opt/airflow/dags/orders.py", "lineno": 7, "name": "load"}]
        detail = {"exc_type": "ModuleNotFoundError", "exc_value": "No module named 'pandas'"}
        failure = {
            "level": "error",
            "event": "Task failed with exception",
            "logger": "task",
            **bound,
        }
        failure["error_detail"] = [{**detail, "frames": frames}]
        out.write(json.dumps(failure) + "\n")


def median_ms(call: Callable[[], object], runs: int) -> float:
    """Median wall time of `call`, milliseconds."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=11)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "attempt=1.log"
        write_log(log)
        command = [sys.executable, "-m", "dagnosis", "explain", str(log)]
        bare = [sys.executable, "-c", "pass"]
        grep = ["grep", "-nE", "ERROR|error|Traceback", str(log)]

        def run(words: list[str]) -> Callable[[], object]:
            return lambda: subprocess.run(words, stdout=subprocess.DEVNULL, check=False)

        run(command)()  # the first run ever fills the cache of causes
        print(f"log                 {log.stat().st_size / 1e6:.2f} MB")
        print(f"command, cold       {median_ms(run(command), runs):7.1f} ms")
        print(f"python itself       {median_ms(run(bare), runs):7.1f} ms")
        print(f"grep                {median_ms(run(grep), runs):7.1f} ms")
        explain(log)
        print(f"API, warm           {median_ms(lambda: explain(log), runs):7.1f} ms")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"peak of the command {peak:7.1f} MiB")


if __name__ == "__main__":
    main()
