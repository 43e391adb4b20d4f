"""The same failure gets the same name, whatever its ids, paths, numbers and dates."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import re2

_VARIABLE: tuple[tuple[str, str], ...] = (
    (r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}", "<id>"),
    (r"0x[0-9a-fA-F]+", "<id>"),
    (r"\d{4}-\d\d-\d\d(?:[T _]\d\d:?\d\d(?::?\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?", "<time>"),
    (r"/tmp/[\w./-]+", "<tmp>"),  # noqa: S108 - a pattern
    (r"(?:/[\w.@+-]+)+/([\w.@+-]+)", r"\1"),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b", "<ip>"),
    (r"\b[a-z]+(?:-[a-z0-9]+)*-[a-z0-9]*\d[a-z0-9]*(?:-[a-z0-9]{5})?\b", "<name>"),
    (r"\b[0-9a-f]{7,}\b", "<id>"),
    (r"\b\d{4,}\b", "<n>"),
)
_COMPILED = tuple((re2.compile(expression), text) for expression, text in _VARIABLE)


def normalise(text: str) -> str:
    """Variable parts replaced, quotes and white space folded; empty for an empty text."""
    for expression, replacement in _COMPILED:
        text = expression.sub(replacement, text)
    return " ".join(text.replace('"', "'").replace("`", "'").split()).lower()


def fingerprint(parts: Sequence[str]) -> str:
    """16 hex digits over the normalised parts, in order."""
    whole = "\x1f".join(("1", *(normalise(part) for part in parts)))
    return blake2b(whole.encode("utf-8", "replace"), digest_size=8).hexdigest()
