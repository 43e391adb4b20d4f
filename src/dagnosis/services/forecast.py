"""Forecasts as a service: replay, train, evaluate, score.

Nothing here prints; progress and troubles go to callbacks.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import UnreadableInput

if TYPE_CHECKING:
    from dagnosis.forecast.history import Event

Progress = Callable[[int, int], None]


class Replayed(msgspec.Struct, frozen=True):
    """What a replay did: answers written, labelled outcomes seen, how many times it was fitted, and
    what was odd in the stream."""

    requests: int
    labelled: int
    fits: int
    troubles: tuple[str, ...]


def replay(
    events: Path, out: Path, model: str = "blend", progress: Progress = lambda _done, _all: None
) -> Replayed:
    """Read a stream of requests and outcomes (or a table of runs, which is brought in order of time)
    and write `run_uid,p_fail` for each request, fixed before anything after it is read.

    Raises `UnreadableInput` for what cannot be read, `WrongUse` for an unknown model.
    """
    from dagnosis.forecast.history import Table
    from dagnosis.forecast.models import make
    from dagnosis.forecast.online import Forecaster
    from dagnosis.forecast.online import replay as answers

    if model == "forest":
        # codes of ids are made for a whole table, not for a stream
        raise UnreadableInput("forest: cannot be replayed; see dagnosis forecast evaluate")
    table = Table(events)
    forecaster = Forecaster(lambda: make(model))
    stream = _counted(table.events(forecaster.trouble), len(table), progress)
    requests = 0
    try:
        with out.open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("run_uid", "p_fail"))
            for uid, chance in answers(stream, forecaster):
                writer.writerow((uid, f"{chance:.6g}"))
                requests += 1
    except OSError as error:
        raise UnreadableInput(f"{out}: {(error.strerror or str(error)).lower()}") from None
    return Replayed(requests, len(forecaster), forecaster.fits, tuple(forecaster.trouble.lines()))


def _counted(events: Iterable[Event], total: int, progress: Progress) -> Iterator[Event]:
    for done, event in enumerate(events, 1):
        if done % 10_000 == 0:
            progress(done, total)
        yield event
