"""What to expect of each measure of the next batch, from the past only, and how far off one usually is.

All measures are followed at once, batch by batch, in time O(measures). Several predictors run side by
side: a slow and a fast level, and levels and offsets of the seasons that fit the spacing of batches
(weekday, hour, day of the month, holidays). For each measure the one that has erred least so far is
asked. Errors are counted in units of sampling noise, so a measure that has always moved less than its
noise is not strange for moving by its noise.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

SLOW, FAST, SEASON = 0.08, 0.35, 0.3
"""Weight of the newest value in a level; the first values weigh 1, 1/2, 1/3 … until that is less."""
CLIP = 3.0
"""An error moves a level by no more than so many usual errors."""
FADE = 0.99
"""How much of the memory of errors is left after each batch: half after 69."""
WORST = 12.0
"""Errors count as no more than so many noises in their mean square."""
PEAK = 4.0
"""A fourth of the largest error so far counts as usual."""
PEAK_FADE = 0.995
"""How much of the largest error is left after each batch."""
ENOUGH = 6
"""Batches in which a measure was seen before it is judged."""


def seasons(moment: datetime | None, hourly: bool, holidays: frozenset[date]) -> list[Hashable]:
    """The seasons that a batch belongs to, one key a predictor; empty without a date."""
    if moment is None:
        return []
    kept: list[Hashable] = [moment.weekday(), moment.day]
    if hourly:
        kept.append(moment.hour)
    if holidays:
        kept.append(moment.date() in holidays)
    return kept


class Level:
    """A clipped exponential mean of each measure, NaN before its first value."""

    def __init__(self, size: int, weight: float) -> None:
        import numpy as np

        self.value: Floats = np.full(size, np.nan)
        self.seen: Floats = np.zeros(size)
        self.weight = weight

    def widen(self, size: int) -> None:
        """Make room for more measures."""
        import numpy as np

        more = size - len(self.value)
        self.value = np.append(self.value, np.full(more, np.nan))
        self.seen = np.append(self.seen, np.zeros(more))

    def update(self, values: Floats, reach: Floats) -> None:
        """Move towards `values` (NaN: not seen), by an error of at most `reach`."""
        import numpy as np

        given = ~np.isnan(values)
        self.seen += given
        weight = np.maximum(self.weight, 1 / np.maximum(self.seen, 1))
        error = values - self.value
        moved = self.value + weight * np.clip(error, -reach, reach)
        started = np.where(np.isnan(self.value), values, moved)
        # the first three values find the level, whatever they are
        started = np.where(self.seen <= 3, self.value + weight * error, started)
        self.value = np.where(given, np.where(self.seen == 1, values, started), self.value)


class Baseline:
    """The expectation of measures that are told apart by their place; `widen` makes room for more.

    `upward` flags the measures of which only more is strange.
    """

    def __init__(self) -> None:
        import numpy as np

        self.size = 0
        self.upward = np.zeros(0, bool)
        self.levels = [Level(0, SLOW), Level(0, FAST)]
        self.seasonal: dict[tuple[int, Hashable], tuple[Level, Level]] = {}
        self.batches = 0
        self.seen: Floats = np.zeros(0)
        self.noise: Floats = np.zeros(0)
        self.squares: Floats = np.zeros(0)
        self.weights: Floats = np.zeros(0)
        self.peak: Floats = np.zeros(0)
        self.errors: list[Floats] = []
        self.counts: list[Floats] = []

    def widen(self, upward: Sequence[bool]) -> None:
        """Make room for more measures, of which `upward` flags those where only more is strange."""
        import numpy as np

        more = len(upward)
        self.size += more
        self.upward = np.append(self.upward, np.array(upward, bool))
        zeros, ones = np.zeros(more), np.ones(more)
        self.seen = np.append(self.seen, zeros)
        self.noise = np.append(self.noise, np.full(more, np.nan))
        self.squares = np.append(self.squares, ones)
        self.weights = np.append(self.weights, ones)
        self.peak = np.append(self.peak, zeros)
        self.errors = [np.append(error, zeros) for error in self.errors]
        self.counts = [np.append(count, zeros) for count in self.counts]
        for level in (*self.levels, *(one for pair in self.seasonal.values() for one in pair)):
            level.widen(self.size)

    def _candidates(self, keys: Sequence[Hashable]) -> list[Floats]:
        """The prediction of each predictor; a season that is too young gives the level."""
        import numpy as np

        slow, fast = self.levels[0].value, self.levels[1].value
        found = [slow, fast]
        for place, key in enumerate(keys):
            level, offset = self.seasonal.get((place, key), (None, None))
            if level is None or offset is None:
                found += [slow, slow]
                continue
            known = level.seen >= 2
            found.append(np.where(known, level.value, slow))
            found.append(np.where(known, fast + offset.value, slow))
        return found

    def expect(self, keys: Sequence[Hashable]) -> tuple[Floats, Floats]:
        """What is expected of the next batch, and the usual error there in noises (1 or more)."""
        import numpy as np

        found = self._candidates(keys)
        self._grow(len(found))
        errors = np.stack(
            [
                np.where(count > 3, error / np.maximum(count, 1), 99 + place)
                for place, (error, count) in enumerate(zip(self.errors, self.counts, strict=True))
            ]
        )[: len(found)]
        # a season has to be better than the level by more than luck
        errors[2:] = errors[2:] * 1.02 + 0.01
        best = np.argmin(errors, axis=0)
        expected = np.stack(found)[best, np.arange(self.size)]
        usual = np.sqrt(self.squares / self.weights)
        return expected, np.maximum(1.0, np.maximum(usual, self.peak / PEAK))

    def error(self, values: Floats, noise: Floats, expected: Floats) -> Floats:
        """How far values are from what was expected, in noises; 0 where only more is strange and it
        is less, NaN where a value or an expectation is missing."""
        import numpy as np

        unit = np.fmax(noise, self.noise) * 1.05
        unit = np.maximum(unit, 1e-6 * np.abs(expected) + 1e-9)
        off = (values - expected) / unit
        return np.where(self.upward, np.maximum(off, 0.0), np.abs(off))

    def update(self, values: Floats, noise: Floats, keys: Sequence[Hashable]) -> None:
        """Take in the next batch; NaN stands for a measure that it does not have."""
        import numpy as np

        found = self._candidates(keys)
        self._grow(len(found))
        expected, usual = self.expect(keys)
        unit = np.fmax(np.fmax(noise, self.noise) * 1.05, 1e-6 * np.abs(expected) + 1e-9)
        off = np.abs(self.error(values, noise, expected))
        given = ~np.isnan(off)
        self.squares = self.squares * FADE + np.where(given, np.minimum(off, WORST) ** 2, 0.0)
        self.weights = self.weights * FADE + given
        self.peak = np.maximum(self.peak * PEAK_FADE, np.where(given, off, 0.0))
        for place, candidate in enumerate(found):
            wrong = np.minimum(np.abs(values - candidate) / unit, 10.0)
            known = ~np.isnan(wrong)
            self.errors[place] = self.errors[place] * FADE + np.where(known, wrong, 0.0)
            self.counts[place] = self.counts[place] * FADE + known
        reach = np.where(np.isnan(unit), np.inf, CLIP * unit * usual)
        fast = self.levels[1].value.copy()
        for level in self.levels:
            level.update(values, reach)
        for place, key in enumerate(keys):
            pair = self.seasonal.get((place, key))
            if pair is None:
                pair = Level(self.size, SEASON), Level(self.size, SEASON)
                self.seasonal[place, key] = pair
            pair[0].update(values, reach)
            pair[1].update(values - fast, reach)
        self.noise = np.where(
            np.isnan(self.noise), noise, np.where(given, 0.9 * self.noise + 0.1 * noise, self.noise)
        )
        self.seen += ~np.isnan(values)
        self.batches += 1

    def shift(self, values: Floats, keys: Sequence[Hashable]) -> None:
        """Move what is expected, where it was clearly missed, to the level of `values`."""
        import numpy as np

        if not self.batches:
            return
        expected, usual = self.expect(keys)
        clear = np.abs(self.error(values, self.noise, expected)) > CLIP * usual
        step = np.where(clear, values - expected, 0.0)
        for level in (*self.levels, *(pair[0] for pair in self.seasonal.values())):
            level.value = level.value + step

    def _grow(self, size: int) -> None:
        import numpy as np

        while len(self.errors) < size:
            self.errors.append(np.zeros(self.size))
            self.counts.append(np.zeros(self.size))
