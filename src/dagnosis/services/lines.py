"""Label the lines of a log, or bare messages: a stream in, a stream out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from dagnosis.logs.learned.lines import Message
from dagnosis.logs.parsing import line_of
from dagnosis.logs.severity import Engine, Label, Labeller
from dagnosis.model import LogLine

_BLOCK = 4096
"""Lines that are labelled together, so that the model is asked for many templates at once."""
_TRACE = "Traceback (most recent call last)"


def label_lines(lines: Iterable[str], engine: Engine = "model") -> Iterator[tuple[LogLine, Label]]:
    """Each line of a log, numbered from 1, and its label; a level that it states stands.

    Nothing for an empty log. The first lines come when a block of them was read, or at the end.
    """
    labeller = Labeller(engine)
    number = 1
    rest = iter(lines)
    while block := list(islice(rest, _BLOCK)):
        parsed = [line_of(i, text) for i, text in enumerate(block, number)]
        number += len(block)
        traced = [line.message.startswith(_TRACE) for line in parsed[1:]] + [False]
        silent = [i for i, line in enumerate(parsed) if line.level is None]
        found = labeller.labels(
            [Message(parsed[i].message, parsed[i].logger, traced[i]) for i in silent]
        )
        labels = dict(zip(silent, found, strict=True))
        for i, line in enumerate(parsed):
            yield line, labels.get(i) or Label(line.level or "INFO", 0.99, "stated")


def label_messages(messages: Iterable[str], engine: Engine = "model") -> Iterator[Label]:
    """A label for each bare message, in order."""
    labeller = Labeller(engine)
    rest = iter(messages)
    while block := list(islice(rest, _BLOCK)):
        yield from labeller.labels([Message(text) for text in block])
