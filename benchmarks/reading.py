"""Time, throughput and peak memory of `dagnosis explain` on huge logs, beside wc and grep.

Every command runs on the same files in the same run, in its own process, so that the peak is its
own; times are the best of `--runs`, and the column `x wc` is the ratio to `wc -l`.

    python -m benchmarks.reading --bytes 1000000000
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_EXPLAIN = [sys.executable, "-c", "from dagnosis.cli import main; main()", "explain"]


def _commands(folder: Path, size: int) -> Iterator[tuple[str, Path, list[str]]]:
    for name, dense in (("huge", False), ("every line an error", True)):
        path = folder / f"{name.replace(' ', '-')}.log"
        # in a process of its own, whose memory the measured ones do not begin with
        write = [sys.executable, "-m", "benchmarks.huge_log", str(path), "--bytes", str(size)]
        subprocess.run([*write, *["--dense"] * dense], check=True)
        yield f"wc -l, {name}", path, ["wc", "-l", str(path)]
        yield f"grep -c Traceback, {name}", path, ["grep", "-c", "Traceback", str(path)]
        yield f"explain, {name}", path, [*_EXPLAIN, str(path)]
        yield f"explain --full, {name}", path, [*_EXPLAIN, "--full", str(path)]
        path.unlink()
    path = folder / "line.log"
    with path.open("wb") as file:
        file.writelines(b"x" * (1 << 20) for _ in range(100))
    yield "wc -l, one line of 100 MiB", path, ["wc", "-l", str(path)]
    yield "explain, one line of 100 MiB", path, [*_EXPLAIN, str(path)]


def _run(command: list[str]) -> tuple[float, float, int]:
    """Seconds, seconds of processor and peak resident bytes of a command."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{command}: exit code {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    print(f"{'command':40} {'seconds':>8} {'of cpu':>8} {'MB/s':>7} {'MiB peak':>9} {'x wc':>6}")
    with tempfile.TemporaryDirectory() as folder:
        least = 1.0
        for name, path, command in _commands(Path(folder), arguments.bytes):
            runs = [_run(command) for _ in range(arguments.runs)]
            seconds, cpu = min(run[0] for run in runs), min(run[1] for run in runs)
            peak = max(run[2] for run in runs)
            if name.startswith("wc"):
                least = seconds
            rate = path.stat().st_size / seconds / 1e6
            print(
                f"{name:40} {seconds:8.2f} {cpu:8.2f} {rate:7.0f} {peak / (1 << 20):9.0f} {seconds / least:6.1f}"
            )


if __name__ == "__main__":
    _main()
