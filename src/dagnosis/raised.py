"""A live exception as plain, bounded values. Standard library only: it runs in the user's task.

The shape is that of Airflow 3's `error_detail`, outermost exception first, but with the module of the
type: what reads logs reads this as well.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from types import TracebackType
from typing import Any

LINKS = 8
"""Exceptions of a chain that are kept: the outermost ones and the root."""
MEMBERS = 5
"""Members of an exception group that are kept, two levels deep."""
FRAMES = 16
"""Frames that are kept: the three outermost, and those nearest to where it was raised."""
TEXT = 2000
"""Characters of a message that are kept: its beginning, and its end."""
UNPRINTABLE = "<its __str__ raises>"
"""In place of a message that cannot be had."""
_OUTER = 3
_DEEPEST = 5000  # frames that are looked at; a deeper stack is one that recurses


def chain_of(error: BaseException, *, depth: int = 2) -> list[dict[str, Any]]:
    """The exception, what it was raised from or while handling, and so on to the root.

    `raise … from None` hides what was handled, as Python's own traceback does. Whatever the user's
    `__str__` does ends as a text that says so; a `__str__` that hangs, hangs.
    """
    links = list(_walk(error))
    if len(links) > LINKS:
        links = [*links[: LINKS - 1], links[-1]]
    return [_describe(link, is_cause, depth) for link, is_cause in links]


def record_of(error: BaseException | str) -> dict[str, Any]:
    """The line that Airflow 3 logs when a task ends with this error, as a JSON object."""
    record: dict[str, Any] = {"level": "error", "logger": "task"}
    if isinstance(error, str):
        return {**record, "event": "Task failed with exception", "detail": shortened(error)}
    if isinstance(error, SystemExit):
        code = error.code
        whole = code if code is None or isinstance(code, int) else _said(error)
        return {**record, "event": "Task exited", "exit_code": whole}
    return {**record, "event": "Task failed with exception", "error_detail": chain_of(error)}


def type_of(error: BaseException) -> str:
    """The type with its module; Python's own without."""
    kind = type(error)
    module = str(getattr(kind, "__module__", ""))
    name = str(getattr(kind, "__qualname__", kind))
    return name if module in ("builtins", "__main__", "") else f"{module}.{name}"


def links_of(error: BaseException) -> list[BaseException]:
    """The exception and those below it in its chain, at most 50."""
    return [link for link, _ in _walk(error)]


def shortened(text: str, most: int = TEXT) -> str:
    """`text`, or its first three quarters and its end within `most` characters."""
    if len(text) <= most:
        return text
    head = most * 3 // 4
    return f"{text[:head]} … {text[head + 3 - most :]}"


def _walk(error: BaseException) -> list[tuple[BaseException, bool]]:
    """(exception, was it given as the cause of the one before); cycles end."""
    found: list[tuple[BaseException, bool]] = []
    seen: set[int] = set()
    following: BaseException | None = error
    is_cause = False
    while following is not None and id(following) not in seen and len(found) < 50:
        seen.add(id(following))
        found.append((following, is_cause))
        is_cause = following.__cause__ is not None
        if is_cause:
            following = following.__cause__
        else:
            following = None if following.__suppress_context__ else following.__context__
    return found


def _describe(error: BaseException, is_cause: bool, depth: int) -> dict[str, Any]:
    members = getattr(error, "exceptions", None) if depth else None
    if not isinstance(members, (list, tuple)):
        members = ()
    notes = getattr(error, "__notes__", None)
    return {
        "exc_type": type_of(error),
        "exc_value": _said(error),
        "exc_notes": [shortened(note) for note in (notes or ())[:3] if isinstance(note, str)]
        if isinstance(notes, list)
        else [],
        "is_cause": is_cause,
        "frames": _frames(error.__traceback__),
        "exceptions": [
            chain_of(member, depth=depth - 1)
            for member in members[:MEMBERS]
            if isinstance(member, BaseException)
        ],
    }


def _said(error: BaseException) -> str:
    try:
        return shortened(str(error))
    except BaseException:  # the user's code: it may raise anything, SystemExit too
        return UNPRINTABLE


def _frames(trace: TracebackType | None) -> list[dict[str, Any]]:
    """Outermost first."""

    def steps() -> Any:
        step = trace
        while step is not None:
            yield step
            step = step.tb_next

    walk = islice(steps(), _DEEPEST)
    kept = [*islice(walk, _OUTER), *deque(walk, FRAMES - _OUTER)]
    return [
        {
            "filename": step.tb_frame.f_code.co_filename[-500:],
            "lineno": step.tb_lineno or 0,
            "name": step.tb_frame.f_code.co_name[:200],
        }
        for step in kept
    ]
