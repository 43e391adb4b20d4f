"""What a failure costs a task: `python -m benchmarks.listener [--forks N]`, in an Airflow's Python.

Forks a process for each failure, as Airflow does, calls the hook as Airflow does (pluggy, the plugin's
listener) with a chain of three live exceptions, and measures that call in the child: wall and CPU time,
first call of its process. Then with a store that is broken in several ways. Beside it, in the same run:
a listener that does nothing, and one that appends `repr(error)` to a file.
"""

from __future__ import annotations

import argparse
import os
import statistics
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def failing() -> BaseException:
    """A chain of three, raised 30 frames deep."""

    def deeper(left: int) -> None:
        if left:
            deeper(left - 1)
        try:
            try:
                raise ConnectionResetError(104, "Connection reset by peer")
            except OSError as error:
                raise RuntimeError("partner did not answer " + "x" * 300) from error
        except RuntimeError:
            raise ValueError("load failed: postgresql://etl:secret@db/dwh " + "y" * 2000)  # noqa: B904

    try:
        deeper(30)
    except ValueError as error:
        return error
    raise AssertionError


def measure(call: Callable[[], object], forks: int) -> list[tuple[float, float]]:
    """(wall, CPU) in milliseconds of `call` in each of so many children."""
    found = []
    for _ in range(forks):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            told = struct.pack("dd", time.perf_counter() - wall, time.process_time() - cpu)
            os.write(write, told)
            os._exit(0)
        os.close(write)
        wall, cpu = struct.unpack("dd", os.read(read, 16))
        os.close(read)
        os.waitpid(child, 0)
        found.append((wall * 1000, cpu * 1000))
    return found


def row(name: str, found: list[tuple[float, float]]) -> None:
    """Median, p99 and the worst, in milliseconds."""
    walls, cpus = (sorted(values) for values in zip(*found, strict=True))
    at = min(int(len(walls) * 0.99), len(walls) - 1)
    print(
        f"{name:34} wall {statistics.median(walls):7.2f} p99 {walls[at]:7.2f} max {walls[-1]:7.2f}"
        f"   CPU {statistics.median(cpus):6.2f} p99 {cpus[at]:6.2f}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forks", type=int, default=500)
    forks = parser.parse_args().forks
    with tempfile.TemporaryDirectory() as scratch:
        os.environ.setdefault("AIRFLOW_HOME", f"{scratch}/home")
        try:
            import airflow.configuration  # noqa: F401
            from airflow.listeners import hookimpl
            from airflow.sdk._shared.listeners.listener import ListenerManager
            from airflow.sdk._shared.listeners.spec import taskinstance
        except ImportError:
            sys.exit("benchmarks.listener needs Airflow 3: run it with the Python of one")
        from dagnosis.airflow.listener import HintListener

        error = failing()
        ti = SimpleNamespace(
            dag_id="orders", run_id="r1", task_id="load", map_index=-1, try_number=1, state="failed"
        )

        class Nothing:
            @hookimpl
            def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
                pass

        class Appends:
            @hookimpl
            def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
                with Path(scratch, "errors.txt").open("a") as file:
                    file.write(f"{task_instance.dag_id} {error!r}\n")

        def hook(listener: object) -> Callable[[], object]:
            manager = ListenerManager()
            manager.add_hookspecs(taskinstance)
            manager.add_listener(listener)
            return lambda: manager.hook.on_task_instance_failed(
                previous_state=None, task_instance=ti, error=error
            )

        print(f"milliseconds, {forks} processes each, load {os.getloadavg()[0]:.1f}")
        row("a listener that does nothing", measure(hook(Nothing()), forks))
        row("a listener that appends repr(error)", measure(hook(Appends()), forks))
        ours = hook(HintListener())
        for name, place in (
            ("ours", f"{scratch}/spool"),
            ("ours, no such place", "/proc/nowhere/spool"),
            ("ours, disk full", f"{scratch}/full"),
        ):
            os.environ["AIRFLOW__DAGNOSIS__SPOOL"] = place
            os.environ["AIRFLOW__DAGNOSIS__SPOOL_CAP_BYTES"] = (
                "0" if "full" in name else "100000000"
            )
            row(name, measure(ours, forks))


if __name__ == "__main__":
    main()
