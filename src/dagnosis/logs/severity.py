"""INFO, WARNING or ERROR of a line: what it states, else a floor of keywords.

The keyword floor never falls below what a careful reader would search for; a learned model joins
it later and is asked only where neither the line nor a keyword says enough.
"""

from __future__ import annotations

from typing import Literal

import msgspec
import re2

from dagnosis.model import Level

_NOTHING = re2.compile(
    r"(?i)\b(?:0|no|zero|without(?: any)?) (?:\w+ )?(?:errors?|failures?|failed|exceptions?|warnings?)\b"
    r"|(?:errors?|failed|failures?|warnings?)['\"]?\s*[=:]\s*(?:0|none|null|false)\b"
)
_ERROR = re2.compile(
    r"(?i)\berrors?\b|\w(?:Error|Exception)\b|\bexception\b|\bfatal\b|\bfail(?:ed|ure|s|ing)?\b|\bcritical\b|\btraceback\b"
    r"|\bpanic\b|\bdenied\b|\brefused\b|\bunable to\b|\bcannot\b|\bcan'?t\b|\bcould ?n[o']t\b|\bcould not\b|\binvalid\b"
    r"|\baborted?\b|\bkilled\b|\bcorrupt(?:ed)?\b|\bsegfault\b|\bunhandled\b|\bunexpected\b|\bcrash(?:ed)?\b"
)
_WARNING = re2.compile(
    r"(?i)\bwarn(?:ing|ings)?\b|\bdeprecat\w+|\bretry(?:ing)?\b|\bskipp(?:ed|ing)\b|\bignor(?:ed|ing)\b|\bmissing\b|\bnot found\b"
    r"|\bdoes not exist\b|\balready exists\b|\btime(?:d)? ?out\b|\bslow\b|\bfall(?:ing)? ?back\b|\bunsupported\b|\bnot supported\b"
    r"|\bunknown\b|\bdisabled?\b|\bno longer\b|\bstale\b|\bexpired?\b|\bshould(?:n't| not)\b|\bmay not\b|\blost\b"
)


class Label(msgspec.Struct, frozen=True):
    """The level of one line; confidence in [0, 1]; `source` says who gave it."""

    level: Level
    confidence: float
    source: Literal["stated", "model", "keyword", "llm"]


def label(message: str, stated: Level | None = None) -> Label:
    """The level of a bare message; a stated level stands. An empty message is INFO.

    >>> label("could not connect to server").level
    'ERROR'
    >>> label("finished with 0 errors").level
    'INFO'
    """
    if stated is not None:
        return Label(stated, 0.99, "stated")
    if _NOTHING.search(message):
        return Label("INFO", 0.6, "keyword")
    if _ERROR.search(message):
        return Label("ERROR", 0.7, "keyword")
    if _WARNING.search(message):
        return Label("WARNING", 0.55, "keyword")
    return Label("INFO", 0.65, "keyword")
