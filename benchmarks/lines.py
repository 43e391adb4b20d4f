"""Labels of lines: templates a second on one core, and a log that repeats itself.

    python -m benchmarks.lines --lines 1000000

The peer is the keyword floor in the same run. Seconds are those of the processor. The log states no
levels, so that every line is asked about; parsing is what is spent before a label is looked for.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice

from dagnosis.logs.learned.lines import Message
from dagnosis.logs.parsing import line_of
from dagnosis.logs.severity import Engine, Labeller
from dagnosis.services.lines import label_lines

_WORDS = (
    "worker task queue could not connect to database retry after timeout finished loading table"
    " partition missing for user session started ignoring unknown option while reading response from"
    " server expected value but found none skipping file already exists in bucket deprecated argument"
).split()


def templates(number: int, seed: int = 0) -> list[str]:
    """Different messages of five to sixteen words, one in three with a `<*>`."""
    rng = random.Random(seed)
    made: dict[str, None] = {}
    while len(made) < number:
        words = rng.choices(_WORDS, k=rng.randint(4, 12))
        for _ in range(rng.choice((0, 0, 1, 2))):
            words.insert(rng.randrange(len(words)), "<*>")
        made[" ".join(words)] = None
    return list(made)


def log(lines: int, kinds: int, seed: int = 0) -> Iterator[str]:
    """A log of `kinds` templates, each line as likely, with a new value in the place of each `<*>`."""
    rng = random.Random(seed)
    known = [text.split("<*>") for text in templates(kinds, seed)]
    for _ in range(lines):
        first, *rest = rng.choice(known)
        yield first + "".join(_value(rng) + part for part in rest)


def _value(rng: random.Random) -> str:
    kind = rng.randrange(4)
    number = rng.getrandbits(32)
    if kind == 0:
        return str(number % 100_000)
    if kind == 1:
        return f"{number:08x}{number:08x}"
    if kind == 2:
        return f"10.0.{number % 256}.{number // 256 % 256}:{number % 9999}"
    return f"/data/part-{number}.parquet"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--templates", type=int, default=1000)
    arguments = parser.parse_args()
    some = [Message(text) for text in templates(20_000)]
    lines = list(islice(log(arguments.lines, arguments.templates), arguments.lines))

    started = time.process_time()
    deque((line_of(i, text) for i, text in enumerate(lines, 1)), maxlen=0)
    parsing = time.process_time() - started
    print(
        f"a log of {len(lines):,} lines and {arguments.templates:,} templates; {parsing:.2f} s to parse"
    )
    engines: tuple[Engine, ...] = ("model", "keyword")
    for engine in engines:
        labeller = Labeller(engine)
        labeller.labels(some[:1])  # loads what is loaded once
        started = time.process_time()
        labeller.labels(some)
        rate = len(some) / (time.process_time() - started)
        started = time.process_time()
        deque(label_lines((line_of(i, t) for i, t in enumerate(lines, 1)), engine), maxlen=0)
        over = time.process_time() - started - parsing
        print(f"{engine:8}{rate:9,.0f} distinct messages/s; the log: {over:.2f} s over parsing")


if __name__ == "__main__":
    main()
