"""The risks as they were last reckoned: kept in the incident store, for pages and metrics to read.

Scoring reads the whole history of runs and takes seconds; showing the answer must not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal

import msgspec

from dagnosis.errors import UnreadableInput
from dagnosis.services.health import Kept

KEPT = "outlook"
EVERY = 900.0
"""Seconds between two reckonings."""
MOST = 200
"""Risks that are kept, the highest."""


class Why(msgspec.Struct, frozen=True):
    """A sentence, and what it adds to the log-odds: above 0 it raises the risk."""

    text: str
    weight: float


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is open or comes next; as `services.forecast.Risk`. `seconds` are the quantiles 50 %
    and 90 % of how long it takes."""

    dag_id: str
    task_id: str
    kind: Literal["open", "next"]
    when: datetime
    p_fail: float
    alert: bool
    reasons: tuple[Why, ...] = ()
    seconds: tuple[float, ...] | None = None
    late: bool = False


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """The risks, the highest first, when they were `made` and of what moment they speak (`now`)."""

    made: datetime
    now: datetime
    model: str
    threshold: float
    risks: tuple[Ahead, ...] = ()


def look(runs: Path, folder: Path | None = None) -> Outlook:
    """Score the history of runs. Raises as `services.forecast.score` does."""
    from dagnosis.services.forecast import score

    scored = score(runs, most=MOST, folder=folder)
    return Outlook(
        made=datetime.now(timezone.utc),
        now=scored.now,
        model=scored.model,
        threshold=scored.threshold,
        risks=msgspec.convert(scored.risks, tuple[Ahead, ...], from_attributes=True),
    )


def keep(store: Kept, outlook: Outlook) -> None:
    """Keep an outlook in place of the one before."""
    store.move(KEPT, msgspec.json.encode(outlook).decode())


def kept(store: Kept) -> Outlook | None:
    """The outlook that was kept last; None where there is none that can be read."""
    try:
        return msgspec.json.decode(store.cursor(KEPT), type=Outlook)
    except msgspec.DecodeError:
        return None


class Renewal:
    """Reckons the risks anew when the history of runs has changed, every `EVERY` seconds at most: what
    a watch does after a round. A history that is too short, or missing, is waited for."""

    def __init__(
        self, store: Kept, runs: Path, folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._store, self._runs, self._folder, self._clock = store, runs, folder, clock
        self._read = 0.0
        self._looked: float | None = None

    def __call__(self, _: object = None) -> None:
        """Where it is time. Raises nothing for what the history lacks."""
        now = self._clock()
        if self._looked is not None and now - self._looked < EVERY:
            return
        changed = self._runs.stat().st_mtime if self._runs.is_file() else 0.0
        if changed == self._read:
            return
        self._looked, self._read = now, changed
        with suppress(UnreadableInput):
            keep(self._store, look(self._runs, self._folder))
