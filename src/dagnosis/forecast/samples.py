"""A sample of history of bounded size to train on: failures and successes apart, all of time alike.

Failures are few and each teaches, so they have their own share. Within a class every row that was
ever added is kept with the same chance (reservoir sampling, Vitter's algorithm R), and counts as many
rows as it stands for. Taking the newest rows only was worse on later time: a window of one month
holds one incident, and the model learns it by heart.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np

from dagnosis.forecast.clusters import Days
from dagnosis.forecast.features import NAMES
from dagnosis.forecast.models import Labels, Rows, Weights

FAILURES = 15_000
SUCCESSES = 25_000


_ASKED = NAMES.index("hour_of_day"), NAMES.index("req_time") + 1


def rows_of(kept: Iterable[bytes], days: Days | None = None) -> Rows:
    """Rows of features, float32 each; what stands behind `NAMES` in them are codes of ids, for the
    plain forest."""
    rows = list(kept)
    width = len(rows[0]) // 4 if rows else len(NAMES)
    both = np.frombuffer(b"".join(rows), np.float32).reshape(-1, width)
    if width == len(NAMES):
        return Rows(both, days=days)
    asked = both[:, slice(*_ASKED)]
    return Rows(both[:, : len(NAMES)], np.concatenate([both[:, len(NAMES) :], asked], 1), days)


_Kept: TypeAlias = tuple[bytes, int]


class Sample:
    """Rows of raw features with labels 0 and 1."""

    def __init__(
        self, failures: int = FAILURES, successes: int = SUCCESSES, seed: int = 42
    ) -> None:
        self._room = (successes, failures)
        self._kept: tuple[list[_Kept], list[_Kept]] = ([], [])
        self._seen = [0, 0]
        self._random = random.Random(seed)  # noqa: S311 - which rows are kept is no secret

    def __len__(self) -> int:
        """Rows that were added."""
        return sum(self._seen)

    @property
    def failures(self) -> int:
        """Failures that were added."""
        return self._seen[1]

    def add(self, row: bytes, label: int, day: int) -> None:
        """A row of `NAMES`, float32, and codes behind them or not; and the day it was asked for."""
        self._seen[label] += 1
        kept, room = self._kept[label], self._room[label]
        if len(kept) < room:
            kept.append((row, day))
            return
        slot = int(self._random.random() * self._seen[label])
        if slot < room:
            kept[slot] = (row, day)

    def rows(self) -> tuple[Rows, Labels, Weights]:
        """Features, labels, and how many rows each stands for."""
        sizes = [len(kept) for kept in self._kept]
        labels = np.repeat(np.array([0, 1], np.int8), sizes)
        stands_for = [seen / max(size, 1) for seen, size in zip(self._seen, sizes, strict=True)]
        both = [one for kept in self._kept for one in kept]
        days = np.array([day for _, day in both], np.int64)
        return rows_of((row for row, _ in both), days), labels, np.repeat(stands_for, sizes)
