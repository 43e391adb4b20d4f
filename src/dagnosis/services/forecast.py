"""Forecasts as a service: replay and evaluate. `services.forecast_training` trains, `services.score`
asks, `services.drift` watches, `services.history` keeps the runs.

Nothing here prints; progress and troubles go to callbacks.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import UnreadableInput
from dagnosis.extras import LEARN, need_learn
from dagnosis.services.score import Risk, Scored, score

if TYPE_CHECKING:
    from dagnosis.forecast.evaluation import Evaluation
    from dagnosis.forecast.history import Event

__all__ = ["Replayed", "Risk", "Scored", "evaluate", "replay", "score"]

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
    from dagnosis.forecast import facts
    from dagnosis.forecast.facts import merged
    from dagnosis.forecast.history import Table
    from dagnosis.forecast.models import make
    from dagnosis.forecast.models.blend import Blend
    from dagnosis.forecast.online import Forecaster
    from dagnosis.forecast.online import replay as answers

    table = Table(events)
    forecaster = Forecaster(lambda: make(model), plain=model == "forest")
    stream = merged(
        counted(table.events(forecaster.trouble), len(table), progress),
        facts.read(facts.place(events)),
    )
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
    troubles = list(forecaster.trouble.lines())
    if isinstance(forecaster.model, Blend) and forecaster.model.left_out:
        left_out = ", ".join(forecaster.model.left_out)
        troubles.append(f"the models {left_out} had no say; for them run {LEARN}")
    return Replayed(requests, len(forecaster), forecaster.fits, tuple(troubles))


def evaluate(runs: Path, step: Callable[[str], None] = lambda _: None) -> Evaluation:
    """Every model by time on a table of runs; raises as `evaluation.evaluate` does, and
    `MissingExtra` without the extra `learn`."""
    need_learn("forecast evaluate")
    from dagnosis.forecast import batch, facts
    from dagnosis.forecast.evaluation import evaluate as judged
    from dagnosis.forecast.history import Table

    step("reading")
    table = batch.load(Table(runs), facts.read(facts.place(runs)))
    return judged(runs.stem, table, batch.plain(table), step)


def counted(events: Iterable[Event], total: int, progress: Progress) -> Iterator[Event]:
    """The events, with progress every ten thousand."""
    for done, event in enumerate(events, 1):
        if done % 10_000 == 0:
            progress(done, total)
        yield event
