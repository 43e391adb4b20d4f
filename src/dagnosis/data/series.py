"""Which values of a metric are out of line? Online: each value is scored beside the past only.

Three kinds of anomaly, each in units of what the past has shown:

    point    a value beyond everything usual so far
    level    the mean of the last values is away from where such means have been
    flat     a value that stands still much longer than it ever did

What is scored is the value itself, or, where that has erred clearly less, its distance to the values
one, two and three seasons ago. An event is not over with its first value, so a score is held for a
while (`HELD`); an alarm is its beginning only.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

Kind: TypeAlias = Literal["point", "level", "flat", "none"]

SPANS = (12, 24)
"""Values over which a level is averaged."""
WINDOW = 1000
"""Values that the usual is made from, at the most; two seasons where that is less."""
LONGEST = 20_000
"""Values that extremes are remembered of."""
SEASONAL = 0.6
"""The season is used where it errs so much less than the level."""
START, FIRM = 100, 600
"""Values before the first score, and after which a score counts in full."""
HELD = 100
"""Values for which a score is held."""
MARGIN, LEAST = 1.15, 3.0
"""An alarm exceeds the highest usual score so far (99.5 %) by this factor, and is no less than that."""
HUGE = 1e150
"""Larger values count as this, so that no sum of them overflows."""
LARGEST = 1000.0
FLAT = 36
"""Equal values from which standing still is strange, when it never lasted a third as long."""


class Point(msgspec.Struct, frozen=True):
    """One value judged. `score` is 0 or more, larger is stranger, held after an event; `alarm` is
    True where an event begins; `kind` says of which kind it is."""

    score: float
    alarm: bool
    kind: Kind


class _Window:
    """The last `size` numbers, in order of size."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.queue: deque[float] = deque()
        self.ordered: list[float] = []

    def add(self, value: float) -> None:
        self.queue.append(value)
        insort(self.ordered, value)
        if len(self.queue) > self.size:
            old = self.queue.popleft()
            del self.ordered[bisect_left(self.ordered, old)]

    def quantile(self, level: float) -> float:
        place = level * (len(self.ordered) - 1)
        low = int(place)
        high = min(low + 1, len(self.ordered) - 1)
        return self.ordered[low] + (place - low) * (self.ordered[high] - self.ordered[low])

    def __len__(self) -> int:
        return len(self.ordered)


class _Means:
    """Running means over `span` values, beside where such means were before."""

    def __init__(self, span: int, window: int) -> None:
        self.span = span
        self.values: deque[float] = deque(maxlen=span)
        self.recent: deque[float] = deque()
        self.past = _Window(2 * window)
        self.least = max(window // 4, 8)

    def add(self, value: float, spread: float) -> float:
        """Take a value in; how far the mean with it is from the past means, in usual distances."""
        self.values.append(value)
        if len(self.values) < self.span:
            return 0.0
        mean = math.fsum(self.values) / self.span
        found = 0.0
        if len(self.past) >= self.least:
            middle = self.past.quantile(0.5)
            across = (self.past.quantile(0.9) - self.past.quantile(0.1)) / 2.56
            unit = max(across, 1e-3 * abs(middle) + 0.01 * spread, 1e-9)
            found = abs(mean - middle) / unit
        self.recent.append(mean)
        if len(self.recent) > self.span:
            self.past.add(self.recent.popleft())
        return found


class _Track:
    """One sequence (values, or distances to the season): how strange its next number is."""

    def __init__(self, window: int) -> None:
        self.all = _Window(LONGEST)
        self.means = [_Means(span, window) for span in SPANS]
        self.size = 0.0
        self.seen = 0

    def add(self, value: float) -> tuple[float, float]:
        """Take a number in; how far it is beyond all usual numbers, and how far levels are off."""
        beyond, spread = 0.0, 0.0
        if len(self.all) >= 8:
            low, high = self.all.quantile(0.01), self.all.quantile(0.99)
            spread = max(high - low, 1e-9 + 1e-4 * self.size / self.seen)
            beyond = max(low - value, value - high, 0.0) / spread
        levels = sum(math.log1p(min(means.add(value, spread), LARGEST)) for means in self.means)
        self.all.add(value)
        self.size += abs(value)
        self.seen += 1
        return math.log1p(min(beyond, LARGEST)), levels


class SeriesMonitor:
    """Scores one series value by value; `period` is the season in values, 0 for none.

    NaN and infinite values are not learned from; NaN has the score of the value before, an infinity
    the largest there is.
    """

    def __init__(self, period: int = 0) -> None:
        self.period = period if period >= 4 else 0
        window = min(2 * period, WINDOW) if self.period else WINDOW
        self.window = max(window, 60)
        self.plain = _Track(self.window)
        self.seasonal = _Track(self.window)
        self.past: deque[float] = deque(maxlen=3 * self.period or 1)
        self.level = _Window(self.window)
        self.wrong_season: deque[float] = deque(maxlen=2 * self.window)
        self.wrong_level: deque[float] = deque(maxlen=2 * self.window)
        self.sums = [0.0, 0.0]
        self.scores = _Window(LONGEST)
        self.held: deque[float] = deque(maxlen=HELD)
        self.seen = 0
        self.quiet = 0
        self.last = math.nan
        self.run = self.longest = 0

    def add(self, value: float) -> Point:
        """Score a value beside the past, then take it in."""
        if math.isnan(value):
            return Point(max(self.held, default=0.0), False, "none")
        if math.isinf(value):
            return Point(3 * math.log1p(LARGEST), self.seen > START, "point")
        value = max(-HUGE, min(HUGE, value))
        flat = self._standing(value)
        beyond, levels = self._strangeness(value)
        self.seen += 1
        firm = min(max((self.seen - START) / FIRM, 0.0), 1.0)
        strange = beyond + levels + flat
        limit = max(LEAST, MARGIN * self.scores.quantile(0.995)) if len(self.scores) else LEAST
        above = self.seen > START + HELD and strange > limit
        alarm = above and self.quiet == 0
        self.scores.add(strange)
        self.quiet = HELD if above else max(self.quiet - 1, 0)
        self.held.append(firm * strange)
        kinds: dict[Kind, float] = {"point": beyond, "level": levels / 2, "flat": flat}
        kind = max(kinds, key=lambda name: kinds[name])
        return Point(max(self.held), alarm, kind if alarm else "none")

    def _strangeness(self, value: float) -> tuple[float, float]:
        plain = self.plain.add(value)
        expected = self._season()
        level = self.level.quantile(0.5) if len(self.level) >= 8 else math.nan
        self.level.add(value)
        if self.period:
            self.past.append(value)
        if expected is None:
            return plain
        seasonal = self.seasonal.add(value - expected)
        chosen = seasonal if self._season_is_better() else plain
        if not math.isnan(level):
            everything = self.plain.all
            most = max(everything.quantile(0.95) - everything.quantile(0.05), 1e-12)
            self._count(0, self.wrong_season, min(abs(value - expected), most))
            self._count(1, self.wrong_level, min(abs(value - level), most))
        return chosen

    def _season(self) -> float | None:
        """The median of the values one, two and three seasons ago; None before the first."""
        if not self.period or len(self.past) < self.period:
            return None
        ago = [len(self.past) - self.period * times for times in (1, 2, 3)]
        found = sorted(self.past[place] for place in ago if place >= 0)
        return found[len(found) // 2] if len(found) != 2 else sum(found) / 2

    def _count(self, which: int, errors: deque[float], error: float) -> None:
        if len(errors) == errors.maxlen:
            self.sums[which] -= errors[0]
        errors.append(error)
        self.sums[which] += error

    def _season_is_better(self) -> bool:
        enough = len(self.wrong_season) >= max(self.period // 2, 8)
        return enough and self.sums[0] < SEASONAL * self.sums[1]

    def _standing(self, value: float) -> float:
        """How much longer than ever the series stands still, as a logarithm."""
        if value == self.last:
            self.run += 1
        else:
            self.longest = max(self.longest, self.run)
            self.run, self.last = 0, value
        if self.run < max(FLAT, 3 * self.longest) or self.seen < FIRM:
            return 0.0
        # a series that has always stood still is not strange for doing so
        return 3 * math.log1p(self.run / FLAT) if self.run < self.seen / 2 else 0.0


def score_series(values: Iterable[float], period: int = 0) -> list[Point]:
    """Score a whole series as it would have been online."""
    monitor = SeriesMonitor(period)
    return [monitor.add(value) for value in values]


def period_of(times: Sequence[datetime]) -> int:
    """Values a day by the median distance of time stamps; 0 where a day is fewer than four values."""
    gaps = sorted((b - a).total_seconds() for a, b in itertools.pairwise(times))
    if not gaps or gaps[len(gaps) // 2] <= 0:
        return 0
    period = round(86_400 / gaps[len(gaps) // 2])
    return period if period >= 4 else 0
