"""Writes a huge log of a task try: seeded, so that the same call gives the same bytes.

A try of Airflow 2 whose BashOperator ran a chatty tool: some 110 bytes a line, 9 million lines a
gigabyte. One failure is stated in the middle, and the end only repeats that something failed; with
`--dense` every line holds a word of failure that means nothing.

    python -m benchmarks.huge_log /tmp/huge.log --bytes 1000000000
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

CAUSE = 'psycopg2.errors.DiskFull: could not extend file "base/16385/2619": No space left on device'
_HEAD = "[2026-11-22T08:45:54.278+0000] {taskinstance.py:2632} INFO - Dependencies all met for ti=<TaskInstance: sales.load manual__2026-11-22T08:45:51+00:00 [queued]>\n"
_LINES = (
    "[2026-11-22T{t}+0000] {{subprocess.py:93}} INFO - loaded partition {a} of table sales.orders: {b} rows in {c} ms\n",
    "[2026-11-22T{t}+0000] {{subprocess.py:93}} INFO - fetched s3://landing/orders/part-{a:05d}.parquet ({b} bytes)\n",
    "[2026-11-22T{t}+0000] {{subprocess.py:93}} INFO - GET https://api.example.com/v1/orders?page={a} 200 in {c} ms\n",
    "[2026-11-22T{t}+0000] {{subprocess.py:93}} INFO - worker-{d} took batch {b} of queue orders, {c} messages left\n",
    "[2026-11-22T{t}+0000] {{subprocess.py:93}} DEBUG - cache lookup key=order:{b} hit after {c} us on shard {d}\n",
)
_DENSE = "[2026-11-22T{t}+0000] {{subprocess.py:93}} ERROR - batch {b} of worker-{d}: errors=0 failed=0, will retry {a} later\n"
_FAILURE = f"""\
[2026-11-22T11:02:07.100+0000] {{subprocess.py:93}} INFO - Traceback (most recent call last):
[2026-11-22T11:02:07.100+0000] {{subprocess.py:93}} INFO -   File "/opt/airflow/dags/load.py", line 88, in copy
[2026-11-22T11:02:07.100+0000] {{subprocess.py:93}} INFO -     cursor.copy_expert(statement, batch)
[2026-11-22T11:02:07.100+0000] {{subprocess.py:93}} INFO - {CAUSE}
"""
_TAIL = """\
[2026-11-22T12:45:58.101+0000] {subprocess.py:97} INFO - Command exited with return code 1
[2026-11-22T12:45:58.109+0000] {taskinstance.py:3337} ERROR - Task failed with exception
Traceback (most recent call last):
  File "/opt/airflow/lib/airflow/providers/standard/operators/bash.py", line 243, in execute
    raise AirflowException(
airflow.exceptions.AirflowException: Bash command failed. The command returned a non-zero exit code 1.
"""
_LINES_A_BLOCK = 5000


def blocks(size: int, seed: int = 0, dense: bool = False) -> Iterator[bytes]:
    """The log in blocks of whole lines, `size` bytes in all give or take a block."""
    rng = random.Random(seed)
    yield _HEAD.encode()
    written = len(_HEAD)
    failed = False
    shapes = (_DENSE,) if dense else _LINES
    pool = [_block(rng, shapes) for _ in range(64)]
    while written < size:
        if not failed and written > size // 2:
            failed = True
            yield _FAILURE.encode()
        block = pool[rng.randrange(len(pool))]
        # Other digits in every block: a compressor must not see a copy of an earlier one.
        table = bytes.maketrans(b"0123456789", bytes(rng.sample(b"0123456789", 10)))
        written += len(block)
        yield block[:64] + block[64:].translate(table)
    yield _TAIL.encode()


def _block(rng: random.Random, shapes: tuple[str, ...]) -> bytes:
    lines = []
    for _ in range(_LINES_A_BLOCK):
        clock = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}.{rng.randrange(1000):03d}"
        shape = shapes[rng.randrange(len(shapes))]
        lines.append(
            shape.format(
                t=clock,
                a=rng.randrange(100_000),
                b=rng.randrange(10_000_000),
                c=rng.randrange(10_000),
                d=rng.randrange(64),
            )
        )
    return "".join(lines).encode()


def write(path: Path, size: int, seed: int = 0, dense: bool = False) -> None:
    """Write the log to `path`."""
    with path.open("wb") as file:
        file.writelines(blocks(size, seed, dense))


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--bytes", type=int, default=1_000_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dense", action="store_true")
    arguments = parser.parse_args()
    write(arguments.path, arguments.bytes, arguments.seed, arguments.dense)


if __name__ == "__main__":
    _main()
