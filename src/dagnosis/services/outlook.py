"""The risks as they were last reckoned: kept in the incident store, for pages and metrics to read.

Scoring reads the whole history of runs and takes seconds; showing the answer must not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from dagnosis.errors import UnreadableInput
from dagnosis.services.health import Kept
from dagnosis.sources.contract import Attempt

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
    run_uid: str = ""


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


class Ended(Protocol):
    """The tries that a round of a watch saw end (`services.watch.rounds.Round`)."""

    @property
    def succeeded(self) -> Sequence[Attempt]:
        """Well."""

    @property
    def failed(self) -> Sequence[Attempt]:
        """Not well."""


class Reckoning:
    """Holds the kept risks against what came of the runs, after each round of a watch; `tell` is told
    each risk and whether that run failed.

    A run counts once, by the outlook that spoke last before it ended: an open one by its uid, the next
    of a task by the first try that was asked for after the moment of which the outlook speaks. A
    skipped try says nothing.
    """

    def __init__(self, store: Kept, tell: Callable[[float, bool], None]) -> None:
        self._store, self._tell = store, tell
        self._text = ""
        self._now = datetime.max.replace(tzinfo=timezone.utc)
        self._open: dict[str, float] = {}
        self._next: dict[tuple[str, str], float] = {}

    def __call__(self, done: Ended) -> None:
        """After a round. Raises as the store does."""
        ended = [(one, False) for one in done.succeeded]
        ended += [(one, True) for one in done.failed if one.state != "skipped"]
        if not ended:
            return
        self._read()
        for attempt, failed in sorted(ended, key=lambda one: _asked(one[0])):
            risk = self._risk(attempt)
            if risk is not None:
                self._tell(risk, failed)

    def _read(self) -> None:
        text = self._store.cursor(KEPT)
        if text == self._text:
            return
        self._text = text
        outlook = kept(self._store)
        if outlook is None:
            return
        self._now = outlook.now
        self._open = {one.run_uid: one.p_fail for one in outlook.risks if one.kind == "open"}
        self._next = {
            (one.dag_id, one.task_id): one.p_fail for one in outlook.risks if one.kind == "next"
        }

    def _risk(self, attempt: Attempt) -> float | None:
        from dagnosis.forecast.attempts import uid

        ended = attempt.ended or attempt.updated
        if ended is None or ended <= self._now:
            return None
        risk = self._open.pop(uid(attempt.task), None)
        if risk is None and _asked(attempt) > self._now:
            risk = self._next.pop((attempt.task.dag_id, attempt.task.task_id), None)
        return risk


def _asked(attempt: Attempt) -> datetime:
    """When a try was asked for; before everything where that is not stated."""
    asked = attempt.queued or attempt.scheduled or attempt.started
    return asked or datetime.min.replace(tzinfo=timezone.utc)


class Renewal:
    """Reckons the risks anew when the history of runs has changed, every `EVERY` seconds at most: what
    a watch does after a round. A history that is too short, or missing, is waited for."""

    def __init__(
        self, store: Kept, runs: Path, folder: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        tell: Callable[[Outlook], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """`tell` is told of each new outlook."""
        self._store, self._runs, self._folder, self._clock = store, runs, folder, clock
        self._tell = tell
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
            outlook = look(self._runs, self._folder)
            keep(self._store, outlook)
            self._tell(outlook)
