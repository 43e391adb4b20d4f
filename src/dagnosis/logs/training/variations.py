"""Variations of a message that leave its cause as it is: other words, other libraries, other values,
wrapped by somebody who says less.

The model is trained on them so that it rests on what a message says and not on how one library
happens to say it. Every function is a pure function of its input and the random generator.
"""

from __future__ import annotations

import re
from random import Random

from dagnosis.logs.causes.catalogue import split_exception

_SAME: tuple[tuple[str, ...], ...] = (
    ("could not", "cannot", "can't", "unable to", "failed to", "was not able to"),
    ("not found", "does not exist", "doesn't exist", "is missing", "no such", "could not be found"),
    ("timed out", "took too long", "exceeded its deadline", "timeout reached", "deadline exceeded"),
    ("denied", "refused", "rejected", "not allowed", "forbidden"),
    ("permission", "access right", "privilege"),
    ("invalid", "illegal", "malformed", "not valid", "bad"),
    ("credentials", "login", "secret", "api key", "password"),
    ("expired", "is no longer valid", "has run out"),
    ("connection", "connect", "link", "session"),
    ("exceeded", "is over", "went over", "surpassed", "reached"),
    ("limit", "quota", "maximum", "allowance"),
    ("too many requests", "request rate too high", "slow down", "throttled"),
    ("out of memory", "memory exhausted", "not enough memory", "cannot allocate memory"),
    ("no space left on device", "disk is full", "volume is full", "out of disk space"),
    ("required", "mandatory", "needed"),
    ("missing", "absent", "not given", "not set"),
    ("unexpected", "unknown", "unrecognised"),
    ("unavailable", "not available", "down", "offline"),
    ("column", "field", "attribute"),
    ("table", "relation", "dataset"),
    ("file", "path", "document"),
    ("bucket", "container", "share"),
    ("host", "server", "endpoint", "node"),
    ("null", "empty", "none", "blank"),
    ("duplicate", "repeated", "already present"),
    ("cancelled", "canceled", "stopped", "aborted"),
    ("killed", "terminated", "evicted"),
    ("version", "release"),
    ("incompatible", "does not match", "conflicts with"),
    ("serialize", "encode", "pickle", "marshal"),
    ("parse", "read", "decode", "load"),
    ("configuration", "config", "setting", "parameter"),
    ("job", "run", "task", "query"),
    ("error", "failure", "problem", "exception"),
)
_OTHERS = {word: tuple(o for o in group if o != word) for group in _SAME for word in group}
_PHRASE = re.compile(
    r"(?i)(?<!\w)(?:"
    + "|".join(re.escape(w) for w in sorted(_OTHERS, key=len, reverse=True))
    + r")(?!\w)"
)
_WRAPS = (
    "Failed to run {what}: {message}",
    "Error while running {what}: {message}",
    "{what} failed: {message}",
    "{what}: {message}",
    "[{what}] {message} (attempt 3)",
    "An error occurred: {message}",
    "{message} (while running {what})",
    "Unexpected error in {what}. Details: {message}",
    "Caused by: {message}",
    "ERROR {message}",
)
_WHATS = "export sync load transform step request batch upload query pipeline worker report client".split()
_OUTERS = (
    "Acme Sync Loader Client Service Pipeline Warehouse Store Api Transfer Runtime Job".split()
)
_QUOTED = re.compile(r"'[^'\n]{1,60}'|\"[^\"\n]{1,60}\"|`[^`\n]{1,60}`")
_NAMES = "orders sales_2024 dim_customer raw.events etl-prod user_id amount dwh eu-west-1 s3://lake/a/b".split()


def varied(message: str, exception: str, random: Random) -> tuple[str, str]:
    """Another message, and its exception type, with the same cause.

    >>> varied("psycopg2.errors.UndefinedTable: relation does not exist", "psycopg2.errors.UndefinedTable", Random(11))
    ('psycopg2.errors.UndefinedTable: dataset could not be found', 'psycopg2.errors.UndefinedTable')
    """
    head, text = split_exception(message)
    exception = exception or head
    text = text if head else message
    text = _PHRASE.sub(lambda found: _another(found[0], random), text)
    if random.random() < 0.5:
        text = _QUOTED.sub(lambda found: found[0][0] + random.choice(_NAMES) + found[0][-1], text)
    if not text.strip():
        text = _spoken(exception)
    style = random.random()
    if exception and style < 0.35:
        exception = _renamed(exception, random)
    elif style < 0.8:
        exception = ""
    if random.random() < 0.4:
        text = random.choice(_WRAPS).format(what=random.choice(_WHATS), message=text)
    return (f"{exception}: {text}" if exception else text), exception


def _another(word: str, random: Random) -> str:
    return random.choice(_OTHERS[word.lower()]) if random.random() < 0.5 else word


def _renamed(exception: str, random: Random) -> str:
    """The type as another library would call it: its words stay, its package and first word change."""
    name = exception.rpartition(".")[2]
    return f"{random.choice(_OUTERS).lower()}.errors.{random.choice(_OUTERS)}{name}"


def _spoken(exception: str) -> str:
    return " ".join(
        re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", exception.rpartition(".")[2])
    ).lower()
