"""A forecaster that is asked before a run starts, told how runs ended, and refits itself.

`ask` fixes everything that an answer depends on: the features at that moment, and the model in use.
Answers are computed in blocks, since a model answers a thousand runs nearly as fast as one; before
the model changes, all that was asked is answered. So the size of the block changes no answer, and
nothing that is told later can (`tests/forecast/test_future.py`).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Iterator

import msgspec
import numpy as np

from dagnosis.forecast.calibration import IDENTITY, Line, fit_line
from dagnosis.forecast.clusters import DAY
from dagnosis.forecast.facts import Fact, Mixed
from dagnosis.forecast.features import NAMES, Stream, keys
from dagnosis.forecast.history import Outcome, Request, Trouble
from dagnosis.forecast.models import Model, make
from dagnosis.forecast.samples import Sample, rows_of


class Schedule(msgspec.Struct, frozen=True):
    """When a forecaster learns, counted in labelled outcomes and never in time, so that a replay
    gives the same answers on every machine.

    The model is fitted at `first` outcomes and whenever they grew by `growth`; the calibration
    whenever they grew by `check`, on the newest `window` of them.
    """

    first: int = 50
    growth: float = 1.6
    check: float = 1.1
    window: int = 200_000


_CODES = 4
"""Tracks whose members the plain forest sees as codes."""
_DONE = b""
"""In place of features that nobody needs any more."""


class _Asked:
    """A run that was asked for: its features, the day, and what was answered before calibration."""

    __slots__ = ("chance", "day", "label", "row", "uid")

    def __init__(self, uid: str, row: bytes, day: int) -> None:
        self.uid = uid
        self.row = row
        self.day = day
        self.chance = math.nan
        self.label = -1


class Forecaster:
    """Streaming state, training sample, model and calibration of one deployment.

    `plain` adds the columns of the run table that the plain forest sees: ids as codes, in order of
    their first appearance.
    """

    def __init__(
        self,
        model: Callable[[], Model] = lambda: make("blend"),
        schedule: Schedule | None = None,
        block: int = 4096,
        plain: bool = False,
    ) -> None:
        self.schedule = schedule or Schedule()
        self.trouble = Trouble()
        self.fits = 0
        self.model = model()
        self.line: Line = IDENTITY
        self._new_model = model
        self._block = block
        self._codes: dict[str, int] | None = {} if plain else None
        self._packed = struct.Struct(f"{len(NAMES) + (_CODES if plain else 0)}f").pack
        self._stream = Stream()
        self._sample = Sample()
        self._open: dict[str, _Asked] = {}
        self._waiting: list[_Asked] = []
        self._ready: list[tuple[str, float]] = []
        self._told: list[_Asked] = []
        self._past = np.zeros(0), np.zeros(0, np.int8), np.zeros(0, np.int64)
        self._fit_at = float(self.schedule.first)
        self._check_at = 2.0 * self.schedule.first

    def __len__(self) -> int:
        """Labelled outcomes seen."""
        return len(self._sample)

    def ask(self, request: Request) -> bool:
        """Take a request; its answer comes with the next `answers`. False for a run that is open
        already, which is noted and ignored."""
        if request.uid in self._open:
            self.trouble.note("runs asked for twice: the first request counts", request.uid)
            return False
        if request.time < self._stream.now:
            self.trouble.note("times that run backwards count as the latest before", request.uid)
        row = self._stream.ask(request)
        if self._codes is not None:
            names = keys(request)[:_CODES]
            row += [self._codes.setdefault(key, len(self._codes)) for key in names]
        asked = _Asked(request.uid, self._packed(*row), int(request.time // DAY))
        self._open[request.uid] = asked
        self._waiting.append(asked)
        if len(self._waiting) >= self._block:
            self._answer()
        return True

    def know(self, fact: Fact) -> None:
        """Take a fact about a DAG or task."""
        self._stream.know(fact)

    def tell(self, outcome: Outcome) -> None:
        """Take an outcome, and learn if it is time to. An outcome of a run that was not asked for is
        noted and ignored."""
        asked = self._open.pop(outcome.uid, None)
        if asked is None:
            self.trouble.note("outcomes without a request are ignored", outcome.uid)
            return
        self._stream.tell(outcome)
        if outcome.label < 0:
            return
        asked.label = outcome.label
        self._told.append(asked)
        self._sample.add(asked.row, outcome.label, asked.day)
        if not math.isnan(asked.chance):
            asked.row = _DONE
        seen = len(self._sample)
        if seen >= self._fit_at:
            self._fit_at = seen * self.schedule.growth
            self.refit()
        if seen >= self._check_at:
            self._check_at = seen * self.schedule.check
            self.recalibrate()

    def answers(self) -> list[tuple[str, float]]:
        """Run and probability of failure of everything asked for since the last call, in order."""
        self._answer()
        ready, self._ready = self._ready, []
        return ready

    def ready(self) -> list[tuple[str, float]]:
        """Those of the answers that are computed already."""
        ready, self._ready = self._ready, []
        return ready

    def refit(self) -> None:
        """Fit a new model on the sample; the one in use answers first."""
        self._answer()
        self.model = self._new_model().fit(*self._sample.rows())
        self.fits += 1

    def recalibrate(self) -> None:
        """Fit the calibration on predicted outcomes; the one in use answers first."""
        self._answer()
        told, self._told = self._told, []
        chances, labels, days = self._past
        newest = slice(-self.schedule.window, None)
        self._past = (
            np.append(chances, [asked.chance for asked in told])[newest],
            np.append(labels, np.array([asked.label for asked in told], np.int8))[newest],
            np.append(days, np.array([asked.day for asked in told], np.int64))[newest],
        )
        self.line = fit_line(*self._past)

    def _answer(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        chances = self.model.predict(rows_of(asked.row for asked in waiting))
        for asked, chance, answer in zip(
            waiting, chances.tolist(), self.line(chances).tolist(), strict=True
        ):
            asked.chance = chance
            if asked.label >= 0:
                asked.row = _DONE
            self._ready.append((asked.uid, answer))


def replay(events: Iterable[Mixed], forecaster: Forecaster) -> Iterator[tuple[str, float]]:
    """Run and probability for every request of a stream, in its order."""
    seen: set[str] = set()
    for event in events:
        if isinstance(event, Fact):
            forecaster.know(event)
        elif isinstance(event, Request):
            if event.uid in seen:
                forecaster.trouble.note("runs asked for twice: the first request counts", event.uid)
                continue
            seen.add(event.uid)
            forecaster.ask(event)
            yield from forecaster.ready()
        else:
            forecaster.tell(event)
    yield from forecaster.answers()
