"""How often a watch asks.

Busy (something changes or runs): every `interval` seconds. Idle: as rarely as the promise allows, so
that a quiet Airflow is asked about once a minute for each kind of thing, and a failure is still found
within a minute.
"""

from __future__ import annotations

import random

import msgspec

IDLE_AFTER = 3
"""Rounds without a change, and with nothing running, after which a watch is idle."""
IDLE_SECONDS = 50.0
"""Between rounds when idle: a failure is found, read and recorded within 60 s."""
LONGEST = 300.0
"""Seconds at most between tries to reach a source that does not answer."""


class Pace(msgspec.Struct):
    """Seconds until the next round, from what the last rounds saw."""

    interval: float
    quiet: int = 0
    failures: int = 0

    def after(self, *, changed: bool, running: bool) -> float:
        """A round that worked."""
        self.failures = 0
        self.quiet = 0 if changed or running else self.quiet + 1
        return max(self.interval, IDLE_SECONDS) if self.quiet >= IDLE_AFTER else self.interval

    def after_failure(self) -> float:
        """A round in which a source did not answer: exponential, with jitter of a half."""
        self.failures += 1
        seconds = min(LONGEST, self.interval * float(1 << min(self.failures, 10)))
        return seconds * (1 - random.random() / 2)  # noqa: S311 - jitter

    @property
    def idle(self) -> bool:
        """Has nothing happened for a while?"""
        return self.quiet >= IDLE_AFTER
