"""Where a watch stands, kept in the store so that a restart goes on from there."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

OVERLAP = timedelta(seconds=90)
"""Each poll looks so far back again: a transaction that was open during the last poll commits rows
with an older `updated_at`. What was recorded before is recognized by its key, so nothing doubles."""


class Cursor(msgspec.Struct, frozen=True, kw_only=True):
    """`polled`: until when, by the source's clock, changes were read. `event`: last id of the event
    log. `version` is of this struct."""

    polled: datetime
    event: int = 0
    version: int = 1

    @property
    def since(self) -> datetime:
        """From when the next poll reads."""
        return self.polled - OVERLAP

    def text(self) -> str:
        """As the store keeps it."""
        return msgspec.json.encode(self).decode()


def load(text: str, otherwise: datetime) -> Cursor:
    """The cursor that the store kept; one at `otherwise` where there is none, or an unreadable one.

    >>> from datetime import timezone
    >>> start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    >>> load(Cursor(polled=start, event=7).text(), start).event
    7
    >>> load("damaged", start).polled == start
    True
    """
    try:
        return msgspec.json.decode(text, type=Cursor)
    except msgspec.DecodeError:
        return Cursor(polled=otherwise)
