"""Is a new model better? The rules of the trial, apart from any model.

Time decides what is asked: a model learns from the older labels and is judged on the newest ones,
as it will be used. One DAG has a limited say, and one failure one vote, however often it happened.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from dagnosis.logs.labels import Label

NEWEST = 0.3
"""Share of the labels, the newest, that only judge."""
LEAST = 20
"""Labels to learn from, and failures to be judged on, that a trial needs at least: with fewer, even a
model that is right where the other is wrong in every fourth case does not win."""
ALPHA = 0.05
"""One-sided level at which a difference on the newest slice is a win."""
NOISE = 0.1
"""One-sided level at which a difference on the shipped evaluation set is a loss; higher than that of
a win, since a loss is worse."""


class Slices(msgspec.Struct, frozen=True):
    """Labels to learn from and to be judged on, both in order of time.

    `missing` is how many labels more a trial needs at least, 0 where it can be held.
    """

    learned: tuple[Label, ...]
    judged: tuple[Label, ...]
    missing: int = 0


def slices(labels: Sequence[Label], until: datetime | None = None) -> Slices:
    """Cut labels by time. The newest slice holds each failure once, and none that is learned from:
    a failure that was labelled before is answered from memory, so that a model has no part in it.

    `until` is the time up to which the model in use learned: what it may have seen does not judge.
    """
    ordered = sorted(labels, key=lambda label: (label.occurred, label.id))
    cut = math.ceil(len(ordered) * (1 - NEWEST))
    learned, newest = ordered[:cut], ordered[cut:]
    seen = {label.fingerprint for label in learned}
    latest = {
        label.fingerprint: label
        for label in newest
        if label.fingerprint not in seen and (until is None or label.occurred > until)
    }
    judged = sorted(latest.values(), key=lambda label: (label.occurred, label.id))
    missing = 0
    if len(judged) < LEAST or len(learned) < LEAST:
        missing = max(math.ceil(LEAST / NEWEST) - len(ordered), LEAST - len(judged))
    return Slices(tuple(learned), tuple(judged), missing)


def weighted(labels: Sequence[Label], share: float) -> list[Label]:
    """The labels with weights in (0, 1], such that no DAG has more than `share` of their sum.

    Where that cannot be, since the DAGs are too few, all of them weigh the same. The labels of one
    DAG weigh the same among each other; those without a DAG are taken for one.
    """
    counts = Counter(label.dag_id for label in labels)
    limit = _limit(counts.values(), share)
    return [
        msgspec.structs.replace(label, weight=min(1.0, limit / counts[label.dag_id]))
        for label in labels
    ]


def _limit(counts: Collection[int], share: float) -> float:
    """The most that one DAG may weigh. A higher limit gives the largest a higher share, so that the
    highest one that is allowed is found by halving."""
    low, high = float(min(counts, default=1)), float(max(counts, default=1))
    if high <= share * sum(counts):
        return high
    for _ in range(60):
        middle = (low + high) / 2
        if middle <= share * sum(min(count, middle) for count in counts):
            low = middle
        else:
            high = middle
    return low


def chance(better: Sequence[bool], other: Sequence[bool]) -> float:
    """How likely it is that the first is as far ahead by chance, in (0, 1]: McNemar's exact test,
    one-sided, on the items where just one of the two is right.

    Source: McNemar, "Note on the sampling error of the difference between correlated proportions or
    percentages", Psychometrika 12 (1947). 1 where they never differ.

    >>> chance([True] * 5, [False] * 5)
    0.03125
    """
    pairs = Counter(zip(better, other, strict=True))
    wins, losses = pairs[True, False], pairs[False, True]
    n = wins + losses
    return min(1.0, sum(math.exp(_log_choose(n, k) - n * math.log(2)) for k in range(wins, n + 1)))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
