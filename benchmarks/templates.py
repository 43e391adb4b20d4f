"""Mining of templates: throughput in MB/s, beside drain3 where it is installed, in the same run.

    python -m benchmarks.templates --bytes 128000000 --peer-python .venv-drain3/bin/python

The peer needs its own environment, since it pins old versions: `python -m venv .venv-drain3` and
`.venv-drain3/bin/pip install drain3`. It mines the first `--peer-lines` lines with its defaults and
the same masking of numbers; seconds are those of the processor.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import huge_log
from dagnosis.logs.templates import OTHER, mine

_CHUNK = 1 << 19
_PATIENCE = 120
_PEER = """
import sys, time
from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig
config = TemplateMinerConfig()
config.masking_instructions = [MaskingInstruction(r"\\d+", "num")]
config.profiling_enabled = False
miner = TemplateMiner(None, config)
lines = open(sys.argv[1]).read().splitlines()
started = time.process_time()
for line in lines:
    miner.add_log_message(line)
print(time.process_time() - started, len(miner.drain.clusters))
"""


def _access(rng: random.Random) -> str:
    return (
        f"10.0.{rng.randrange(255)}.{rng.randrange(255)} - - [22/Nov/2026:08:45:{rng.randrange(60):02d} +0000]"
        f' "GET /api/v1/orders/{rng.randrange(10**6)} HTTP/1.1" {rng.choice((200, 200, 404, 503))} {rng.randrange(10**5)}'
    )


def _ids(rng: random.Random) -> str:
    return f"2026-11-22 08:45:01,123 INFO request {rng.getrandbits(128):032x} took {rng.randrange(999)} ms"


def _words(rng: random.Random) -> str:
    return " ".join("".join(rng.choices("ghijklmnopqrstuvwxyz", k=8)) for _ in range(12))


def _logs(size: int) -> Iterator[tuple[str, bytes]]:
    yield "a chatty tool", b"".join(huge_log.blocks(size))
    yield "every line an error", b"".join(huge_log.blocks(size, dense=True))
    shapes: dict[str, Callable[[random.Random], str]] = {
        "codes in every line": _access,
        "ids in every line": _ids,
        "all lines differ": _words,
    }
    for name, shape in shapes.items():
        rng = random.Random(1)
        lines = [shape(rng) for _ in range(size // 800)]
        yield name, "\n".join(lines).encode() + b"\n"


def _peer(python: str, data: bytes, lines: int) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder, "part.log")
        part = b"\n".join(data.split(b"\n", lines)[:lines])
        path.write_bytes(part)
        command = [python, "-c", _PEER, str(path)]
        try:
            ran = subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            return f"     not done after {_PATIENCE} s"
    if ran.returncode:
        return "not installed"
    seconds, clusters = ran.stdout.split()
    return f"{len(part) / float(seconds) / 1e6:8.2f} MB/s {int(clusters):6d} templates"


def _main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--bytes", type=int, default=128_000_000)
    parser.add_argument("--peer-python", default="python3")
    parser.add_argument("--peer-lines", type=int, default=20_000)
    arguments = parser.parse_args()
    print(f"{'log':22} {'MB':>5} {'MB/s':>7} {'templates':>9} {'other':>7}   drain3")
    for name, data in _logs(arguments.bytes):
        started = time.process_time()
        found = mine(data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK))
        seconds = time.process_time() - started
        other = sum(template.count for template in found if template.id == OTHER)
        peer = _peer(arguments.peer_python, data, arguments.peer_lines)
        rate = len(data) / seconds / 1e6
        print(f"{name:22} {len(data) // 10**6:5} {rate:7.0f} {len(found):9} {other:7}   {peer}")


if __name__ == "__main__":
    _main()
