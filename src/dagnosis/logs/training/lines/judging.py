"""From the judged probabilities to labels: bias, weight of keywords, calibration, figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from dagnosis.logs.learned.lines import LEVELS, Head
from dagnosis.logs.severity import keyword
from dagnosis.logs.training.lines.corpus import folds, macro_f1, truth
from dagnosis.logs.training.lines.statements import Statement

_STEP = 0.1
_SPARE = 0.0005
"""Macro-F1 that keywords may cost on the corpus, where they are known to help on foreign logs."""
_BINS = 24


class Judged(msgspec.Struct, frozen=True):
    """What networks say of rows whose systems they saw nothing of."""

    rows: list[Statement]
    probabilities: Any
    """Shape (rows, 3)."""
    fold: Any
    """Shape (rows,); rows of one system are in one fold."""
    epochs: int
    """After how many epochs these were best."""
    opinions: dict[str, Any] = {}
    """Text -> what a teacher says of it (outputs,); of judged rows one that did not see their system."""


def distinct(rows: Sequence[Statement]) -> NDArray[np.int64]:
    """Indices of the first row of each system, label and text: what macro-F1 counts."""
    first: dict[tuple[str, str, str], int] = {}
    for i, row in enumerate(rows):
        first.setdefault((row.system, row.label, row.text), i)
    return np.array(list(first.values()), np.int64)


def keywords(rows: Sequence[Statement]) -> NDArray[np.int64]:
    """The index of the level that keywords give."""
    return np.array([LEVELS.index(keyword(row.text).level) for row in rows], np.int64)


def scores(
    probabilities: NDArray[np.float32], head: Head, said: NDArray[np.int64]
) -> NDArray[np.float64]:
    """As `LineModel.levels` weighs them."""
    found = np.log(np.maximum(probabilities, 1e-9)) + np.array(head.bias)
    found[np.arange(len(said)), said] += head.keyword
    return np.asarray(found, np.float64)


def head_of(judged: Judged, tokens: int, context: bool) -> Head:
    """The bias and the weight of keywords with the best macro-F1, and the calibration."""
    rows = judged.rows
    at = distinct(rows)
    true, said = truth(rows)[at], keywords(rows)[at]
    shares = judged.probabilities[at]
    tried = []
    for weight in np.arange(0, 1.01, 0.1):
        bias = [0.0, 0.0, 0.0]
        best = 0.0
        for _ in range(2):
            for level in (1, 2):
                best, bias[level] = max(
                    (_f1(shares, (*bias[:level], b, *bias[level + 1 :]), weight, said, true), b)
                    for b in np.round(np.arange(-1, 1.01, _STEP), 2)
                )
        tried.append((best, float(weight), tuple(map(float, bias))))
    most = max(best for best, _, _ in tried)
    _, weight, bias_ = max(
        (one for one in tried if one[0] >= most - _SPARE), key=lambda one: one[1]
    )
    head = Head(tokens, (bias_[0], bias_[1], bias_[2]), ((0, 0), (1, 1)), round(weight, 2), context)
    chosen = scores(shares, head, said).argmax(1)
    return Head(tokens, head.bias, knots(shares, chosen, true), head.keyword, context)


def _f1(
    shares: NDArray[np.float32],
    bias: Sequence[float],
    weight: float,
    said: NDArray[np.int64],
    true: NDArray[np.int64],
) -> float:
    head = Head(0, (bias[0], bias[1], bias[2]), (), float(weight), False)
    return macro_f1(true, scores(shares, head, said).argmax(1))


def knots(
    shares: NDArray[np.float32], chosen: NDArray[np.int64], true: NDArray[np.int64]
) -> tuple[tuple[float, float], ...]:
    """Probability of the chosen label -> share of right ones, over bins of equal size, rising."""
    sure = shares[np.arange(len(chosen)), chosen]
    order = np.argsort(sure, kind="stable")
    bins = [part for part in np.array_split(order, _BINS) if len(part)]
    middle = [float(sure[part].mean()) for part in bins]
    right = [float((chosen[part] == true[part]).mean()) for part in bins]
    # from the top down: a bin is never surer than the one above it
    rising = np.minimum.accumulate(np.array(right)[::-1])[::-1]
    return tuple((round(m, 4), round(float(r), 4)) for m, r in zip(middle, rising, strict=True))


def figures(judged: Judged, head: Head) -> dict[str, float]:
    """Macro-F1 over distinct texts, and how far the confidence can be trusted.

    The calibration of each fold is that of the others, so that it is judged on unseen systems too.
    """
    rows = judged.rows
    at = distinct(rows)
    true, said, fold = truth(rows)[at], keywords(rows)[at], judged.fold[at]
    shares = judged.probabilities[at]
    chosen = scores(shares, head, said).argmax(1)
    sure = np.zeros(len(at))
    if len(np.unique(fold)) == 1:
        fold = folds([rows[i] for i in at.tolist()], 5)
    for one in np.unique(fold):
        held = fold == one
        others = held if held.all() else ~held  # one system alone is its own judge
        table = np.array(knots(shares[others], chosen[others], true[others]))
        own = shares[held, chosen[held]]
        sure[held] = np.interp(own, table[:, 0], table[:, 1])
    right = chosen == true
    bins = np.clip((sure * 10).astype(int), 0, 9)
    error = sum(abs(right[bins == b].sum() - sure[bins == b].sum()) for b in range(10)) / len(at)
    high = sure >= 0.9
    return {
        "macro_f1": round(macro_f1(true, chosen), 4),
        "macro_f1_keywords": round(macro_f1(true, said), 4),
        "accuracy": round(float(right.mean()), 4),
        "ece": round(float(error), 4),
        "precision_at_0.9": round(float(right[high].mean()), 4) if high.any() else 0.0,
        "share_at_0.9": round(float(high.mean()), 4),
        "systems": float(len({row.system for row in rows})),
    }
