"""A message as a vector: alike messages point the same way.

Words, pairs of words and parts of words of the message's normal form (`fingerprint.normalise`),
weighted by how rare they are in what tools print when they fail, hashed with signs into a fixed
length (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from zlib import crc32

import msgspec
import re2

from dagnosis.logs.fingerprint import normalise

VERSION = 1
"""Raised when the same message gets another vector; vectors of two versions are not compared."""
LENGTH = 512
PAIRS, PARTS = 0.5, 0.6
"""Weights of pairs of words and of parts of words, beside 1 for words."""
CODES = 2.0
"""Weight of words with a digit, which after masking are codes: 403 and 404 say different things."""
_PART = 4
"""Characters of a part of a word."""
_DIGIT = re2.compile("[0-9]")
_WORD = re2.compile(r"<[a-z]+>|[a-z0-9_\pL]+")


def vector(message: str) -> array[float]:
    """A unit vector of `LENGTH` float32; empty for a message without a word.

    >>> closeness(vector("KeyError: 'amount'"), vector('KeyError: "amount"'))
    1.0
    >>> len(vector("…"))
    0
    """
    sums: dict[int, float] = {}
    for feature, weight in _features(normalise(message)):
        hashed = crc32(feature.encode("utf-8", "replace"))
        index = hashed % LENGTH
        sums[index] = sums.get(index, 0.0) + (weight if hashed & 0x80000000 else -weight)
    length = math.sqrt(sum(value * value for value in sums.values()))
    if not length:
        return array("f")
    return array("f", [sums.get(index, 0.0) / length for index in range(LENGTH)])


def closeness(one: array[float], other: array[float]) -> float:
    """The cosine of two vectors, in [-1, 1], higher is closer; 0 when one of them is empty."""
    return round(sum(a * b for a, b in zip(one, other, strict=False)), 6)


def _features(normal: str) -> Iterator[tuple[str, float]]:
    words: list[str] = _WORD.findall(normal)
    before, weight_before = "", 0.0
    for word in words:
        weight = rarity(word) * (CODES if _DIGIT.search(word) else 1.0)
        yield word, weight
        if before:
            yield f"{before} {word}", PAIRS * math.sqrt(weight * weight_before)
        if not word.startswith("<"):
            padded = f" {word} "
            count = max(len(padded) - _PART + 1, 1)
            for start in range(count):
                yield f"#{padded[start : start + _PART]}", PARTS * weight / math.sqrt(count)
        before, weight_before = word, weight


def rarity(word: str) -> float:
    """The inverse document frequency of a word over the excerpts of the causes, at least 1.

    A word that no excerpt holds is as rare as one that a single excerpt holds.
    """
    table = _table()
    return table.get(word, table[""])


@cache
def _table() -> dict[str, float]:
    """Word -> rarity of the words of at least two excerpts; "" for all others. See `build_rarity`."""
    file = Path(__file__).with_name("rarity.json")
    return msgspec.json.decode(file.read_bytes(), type=dict[str, float])
