"""Label values that users choose, bounded in number and in what they may hold."""

from __future__ import annotations

import threading

from dagnosis.logs.redaction import redact
from dagnosis.metrics.catalogue import OTHER

LONGEST = 120
"""Characters of a value."""


class Names:
    """The first `cap` values of a label keep their names; all others are `other`.

    First come, first named: what is named stays so for the life of the process, and no value moves
    from one series to another. Names are redacted, and control characters in them replaced.
    """

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def name(self, value: str) -> tuple[str, bool]:
        """The value to use, and whether it overflowed."""
        known = self._known.get(value[: 4 * LONGEST])
        if known is not None:
            return known, False
        with self._lock:
            if len(self._known) >= self.cap:
                return OTHER, True
            return self._known.setdefault(value[: 4 * LONGEST], _shown(value)), False


def _shown(value: str) -> str:
    shown = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[: 4 * LONGEST]
    )
    return redact(shown)[:LONGEST] or "unnamed"
