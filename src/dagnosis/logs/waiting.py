"""How long a service asks to be left alone: in the headers of its answer, or in its words.

All times are seconds from now. What is stated is believed up to `LONGEST`; a longer one is a date in
the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import re2

LONGEST = 7 * 86_400.0
_ATTRIBUTES = ("retry_after", "retry_after_seconds")
_HEADERS = ("retry-after", "x-retry-after")
_RESETS = ("x-ratelimit-reset", "ratelimit-reset", "x-rate-limit-reset")
_EPOCH = 1e9  # a reset above this is a date in seconds since 1970, not a span


class Wait(msgspec.Struct, frozen=True):
    """So many seconds, and who says so: `Retry-After`, an attribute's name, or `its message`."""

    seconds: float
    source: str


def stated_wait(errors: Iterable[object], message: str, now: datetime | None = None) -> Wait | None:
    """The wait that the exceptions of a chain (outermost first) state, else the one in the words of
    `message`; None where nothing is stated.

    Exceptions of requests, httpx, urllib, aiohttp, botocore, openai and others are read by their
    shape: `retry_after`, `headers`, `response.headers`, `response["ResponseMetadata"]`.
    """
    now = now or datetime.now(timezone.utc)
    found = (wait for error in errors for wait in _of_exception(error, now))
    return next(found, None) or wait_in_words(message, now)


def wait_in_words(message: str, now: datetime | None = None) -> Wait | None:
    """ "try again in 20s", "Retry-After: 120", "maintenance until 2026-11-26T04:00Z"; None for none.

    >>> wait_in_words("Rate limit reached, please try again in 1m30s.").seconds
    90.0
    >>> wait_in_words("read timed out after 30 seconds")
    """
    text = message[:20_000]
    span = _SAID.search(text) or _NAMED.search(text)
    if span:
        seconds = _seconds(span.group(1), span.group(2))
        return _wait(seconds, "its message")
    until = _UNTIL.search(text)
    if until:
        moment = _moment(until.group(1), now or datetime.now(timezone.utc))
        if moment is not None:
            return _wait(moment, "its message")
    return None


def _of_exception(error: object, now: datetime) -> Iterator[Wait]:
    for name in _ATTRIBUTES:
        wait = _read(getattr(error, name, None), name, now)
        if wait:
            yield wait
    response = getattr(error, "response", None)
    for holder in (error, response):
        headers = getattr(holder, "headers", None)
        if headers is not None:
            yield from _of_headers(headers, now)
    if isinstance(response, Mapping):
        metadata = response.get("ResponseMetadata")
        if isinstance(metadata, Mapping):
            yield from _of_headers(metadata.get("HTTPHeaders"), now)


def _of_headers(headers: Any, now: datetime) -> Iterator[Wait]:
    try:
        found = {str(key).lower(): value for key, value in list(headers.items())[:200]}
    except (AttributeError, TypeError, ValueError):
        return
    milliseconds = _number(found.get("retry-after-ms"))
    if milliseconds:
        yield Wait(milliseconds / 1000, "Retry-After")
    for name in _HEADERS:
        wait = _read(found.get(name), "Retry-After", now)
        if wait:
            yield wait
    if str(found.get("x-ratelimit-remaining", found.get("ratelimit-remaining", ""))) == "0":
        for name in _RESETS:
            seconds = _number(found.get(name))
            if seconds and seconds > _EPOCH:
                seconds -= now.timestamp()
            wait = _wait(seconds, name) if seconds else None
            if wait:
                yield wait


def _read(value: Any, source: str, now: datetime) -> Wait | None:
    """A number of seconds, a span, or a date in any of the three forms of HTTP."""
    if isinstance(value, timedelta):
        return _wait(value.total_seconds(), source)
    if isinstance(value, datetime):
        value = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
        return _wait((value - now).total_seconds(), source)
    seconds = _number(value)
    if seconds is not None:
        return _wait(seconds, source)
    if isinstance(value, str) and len(value) < 60:
        try:
            moment = parsedate_to_datetime(value)
        except (TypeError, ValueError, IndexError):
            return None
        return _read(moment, source, now)
    return None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _wait(seconds: float, source: str) -> Wait | None:
    return Wait(seconds, source) if 0 < seconds <= LONGEST else None


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_NUMBERS = r"((?:\d{1,7}(?:\.\d+)?\s*(?:h|hours?|m|min|minutes?)\s*)*\d{1,7}(?:\.\d+)?)\s*"
_UNIT = r"(ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|hrs?)"
_SAID = re2.compile(
    r"(?i)(?:(?:try|retry|come back)(?: your request| the request| it)?(?: again)? (?:in|after)"
    r"|please wait(?: for)?|(?:available|resets?)(?: again)? in)(?: about| approximately| at least)?\s*"
    + _NUMBERS
    + _UNIT
    + r"\b"
)
_NAMED = re2.compile(
    r'(?i)retry[-_ ]?(?:after|delay)(?:[-_ ]?(?:seconds|secs?))?"?\s*[:=]\s*"?'
    + _NUMBERS
    + _UNIT
    + r"?(?:[^A-Za-z0-9:\-]|$)"
)
_PART = re2.compile(r"(?i)(\d+(?:\.\d+)?)\s*(ms|[smh])?")
_UNTIL = re2.compile(
    r"(?i)(?:until|till|back (?:up |online )?(?:at|by)|available (?:again )?(?:at|from|after)|retry after|ends? at)\s+"
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(?:Z|UTC|GMT|[+-]\d\d:?\d\d)|\d\d:\d\d(?::\d\d)?\s*(?:Z|UTC|GMT))"
)


def _seconds(numbers: str, unit: str | None) -> float:
    """ "1m30" and "s" -> 90.0; without a unit they are seconds."""
    parts = [(float(n), (u or "").lower()) for n, u in _PART.findall(numbers)]
    last, _ = parts.pop()
    name = (unit or "s").lower()
    key = "ms" if name.startswith(("ms", "milli")) else name[0]
    return sum(n * _UNITS[u or "s"] for n, u in parts) + last * _UNITS[key]


def _moment(text: str, now: datetime) -> float | None:
    """Seconds from `now` to a time that states its zone; one without a day is of the 12 hours around."""
    stated = text.upper().replace("UTC", "Z").replace("GMT", "Z").replace(" Z", "Z")
    stated = stated.replace("Z", "+00:00").replace("T", " ")
    daily = len(stated.partition("+")[0]) <= 8
    if daily:
        stated = f"{now.astimezone(timezone.utc):%Y-%m-%d} {stated}"
    try:
        moment = datetime.fromisoformat(stated)
    except ValueError:
        return None
    seconds = (moment - now).total_seconds()
    # the morning after is too far for "until 02:30", said at 02:31
    return seconds + 86_400 if daily and seconds <= -43_200 else seconds
