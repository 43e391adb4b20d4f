"""Label the lines of a log, or bare messages: a stream in, a stream out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from dagnosis.logs.severity import Engine, Label, Labeller
from dagnosis.model import LogLine

_BLOCK = 4096
"""Lines that are labelled together, so that the model is asked for many templates at once."""
_TRACE = "Traceback (most recent call last)"


def label_lines(
    lines: Iterable[LogLine], engine: Engine = "model"
) -> Iterator[tuple[LogLine, Label]]:
    """Each line and its label, in order; a level that the line states stands.

    Nothing for no lines. The first lines come when a block of them was read, or at the end.
    """
    labeller = Labeller(engine)
    rest = iter(lines)
    while block := list(islice(rest, _BLOCK)):
        traced = [line.message.startswith(_TRACE) for line in block[1:]] + [False]
        silent = [
            (line.message, line.logger, follows)
            for line, follows in zip(block, traced, strict=True)
            if line.level is None
        ]
        found = iter(labeller.labels(silent))
        for line in block:
            yield line, Label(line.level, 0.99, "stated") if line.level else next(found)
