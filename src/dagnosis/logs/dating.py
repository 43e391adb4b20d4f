"""When a log was written, from the times that its lines state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timezone

import re2

_STATED = re2.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})(?:[.,](\d{1,6})\d*)?(Z|[+-]\d{2}:?\d{2})?"
)
HEAD = 120
"""Characters of a line in which its time stands."""


def last_time(lines: Sequence[str]) -> datetime | None:
    """The time that the last line with one states; UTC where it names no zone; None without any.

    >>> last_time(["[2026-11-22T08:45:58.459+0100] {etl.py:3} INFO - done", "no time"]).isoformat()
    '2026-11-22T07:45:58.459000+00:00'
    """
    return _first(reversed(lines))


def first_time(lines: Sequence[str]) -> datetime | None:
    """As `last_time`, of the first line with one."""
    return _first(lines)


def _first(lines: Iterable[str]) -> datetime | None:
    for line in lines:
        found = _STATED.search(line[:HEAD])
        if found:
            day, clock, fraction, zone = found.groups()
            zone = (zone or "Z").replace(":", "").replace("Z", "+0000")
            stated = f"{day} {clock}.{(fraction or '0').ljust(6, '0')}{zone}"
            try:
                return datetime.strptime(stated, "%Y-%m-%d %H:%M:%S.%f%z").astimezone(timezone.utc)
            except (ValueError, OverflowError):  # the 31st of February
                continue
    return None
