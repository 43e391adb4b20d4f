"""What leaves in an answer: bounded in size, redacted, and marked where strangers wrote it.

A log may hold orders to a model ("ignore your instructions and …"). Every text that was not written
by dagnosis stands below the key `untrusted`, is redacted and free of control codes, and a text that
speaks to a model is withheld.
"""

from __future__ import annotations

from typing import Any

import msgspec

from dagnosis.errors import WrongUse
from dagnosis.logs.llm.guard import LOOKED_AT, speaks_to_a_model
from dagnosis.logs.redaction import redact
from dagnosis.rendering import visible

ANSWER = 24_000
"""Characters of an answer at most."""
TEXT, NAME = 300, 120
"""Characters of a text, and of a name of a DAG, run, task or dataset."""
PAGE = 20
"""Rows of an answer at most."""
WITHHELD = "[withheld: this text speaks to a model]"


def text(value: object, most: int = TEXT) -> str:
    """A text that a stranger wrote, as it may be shown."""
    seen = str(value)[:LOOKED_AT]
    if speaks_to_a_model(seen):
        return WITHHELD
    shown = visible(redact(" ".join(seen.split())))
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def name(value: object) -> str:
    """An id that a user chose, as it may be shown."""
    return text(value, NAME)


def page(size: int) -> int:
    """The rows of a page. Raises `WrongUse` outside of 1 to `PAGE`."""
    if not 1 <= size <= PAGE:
        raise WrongUse(
            f"limit: {size} is not from 1 to {PAGE}; ask for the next page by its cursor"
        )
    return size


def offset(cursor: str) -> int:
    """Where a page begins. Raises `WrongUse` for a cursor that no page gave."""
    if cursor and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise WrongUse(f"cursor: {cursor[:20]!r} was given by no page; leave it out to begin anew")
    return int(cursor or 0)


def bounded(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer as plain JSON values, with rows left out from the end until it is small enough."""
    plain: dict[str, Any] = msgspec.to_builtins(answer)
    left = 0
    while len(msgspec.json.encode(plain)) > ANSWER:
        longest = max((v for v in _lists(plain) if v), key=len, default=None)
        if longest is None:
            raise WrongUse("the answer is too large; ask for less")
        longest.pop()
        left += 1
        plain["left_out"] = f"{left} rows, since an answer holds {ANSWER:,} characters"
    return plain


def _lists(value: Any) -> list[list[Any]]:
    if isinstance(value, list):
        return [value, *(found for one in value for found in _lists(one))]
    if isinstance(value, dict):
        return [found for one in value.values() for found in _lists(one)]
    return []
