"""What the cause model sees of a message: hashed words, pairs of words, pieces of words, its type.

Hashing (Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", 2009) needs no
vocabulary: a word of a library that nobody trained on still shares its pieces with words that were.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from zlib import crc32

import re2

from dagnosis.logs.masking import mask

BITS = 16
"""Logarithm of the number of columns."""
DAMPING = 20
"""Columns that a message is taken to have beside its own, so that two words are not as sure as ten; of
0, 20 and 60 the best calibrated on held-out faults without loss."""
LONGEST = 600
"""Characters of a message that are read; the cause stands near its start."""

_WORD = re2.compile(r"<\w+>|[^\W\d_]+|\d{3,5}|[-]?\d{1,2}\b")
_HUMP = re2.compile(r"[A-Z]+[a-z]*|[a-z]+|\d+")
_SPELLED = re2.compile(r"[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*|\w+_\w+")


def columns(message: str, exception: str = "") -> list[int]:
    """The columns that are on for a message, without repetition, in [0, 2**BITS).

    `exception` is its type, with or without module. Empty for a text without letters or digits.

    >>> len(columns("disk full"))  # two words and the pair
    3
    >>> columns("")
    []
    """
    return sorted(
        {
            crc32(name.encode("utf-8", "replace")) >> (32 - BITS)
            for name in _names(message, exception)
        }
    )


def value(on: int) -> float:
    """The value of each of `on` columns that are on; a long message weighs more, up to length 1."""
    return float((on + DAMPING) ** -0.5)


def _names(message: str, exception: str) -> Iterator[str]:
    type_ = exception.rpartition(".")[2]
    if type_:
        yield f"type {type_}"
        yield from (f"hump {hump.lower()}" for hump in _HUMP.findall(type_))
        package = exception.partition(".")[0]
        if package != exception:
            yield f"package {package}"
        message = message.removeprefix(exception).lstrip(": ")
    message = mask(message[:LONGEST])
    for name in _SPELLED.findall(message):
        yield from (f"hump {hump.lower()}" for hump in _HUMP.findall(name))
    words = [word.lower() for word in _WORD.findall(message)]
    for word in words:
        yield word
        if len(word) > 4 and word[0] != "<":
            yield from (f"piece {word[at : at + 4]}" for at in range(len(word) - 3))
    yield from (f"{one} {other}" for one, other in pairwise(words))
    yield from (f"{one} _ {other}" for one, other in zip(words, words[2:], strict=False))
