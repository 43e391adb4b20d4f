"""How dagnosis itself is: what each of its processes last said, and whether that is good.

A process (`watch`, a checker, a retraining) says how it is by `say`; the word is kept in the incident
store, beside the cursors of the watches, so that whoever reads the store, on whatever host, knows.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

from dagnosis import __version__
from dagnosis.errors import DagnosisError, WrongUse
from dagnosis.logs.redaction import redact

if TYPE_CHECKING:
    from dagnosis.settings import Settings

Grade: TypeAlias = Literal["ok", "warn", "bad", "unknown"]

PROCESSES = ("watch", "check", "retrain", "forecast")
"""Those whose word is looked for; of the watch alone it is told that it never spoke."""
SILENT = 4
"""Rounds that a process may miss before it is held for gone."""
LAG = 300.0
"""Seconds that a watch may be behind before it is a warning."""
SPEAKS = 60.0
"""Seconds between two words of a watch."""
SPOOLED = 1000
"""Files of hints that may wait before it is a warning."""


class Kept(Protocol):
    """The part of an incident store that keeps small texts by name."""

    def cursor(self, source: str) -> str:
        """The text kept under a name; empty where there is none."""

    def move(self, source: str, cursor: str) -> None:
        """Keep a text under a name."""


class Done(Protocol):
    """What a round of a watch did (`services.watch.rounds.Round`)."""

    changed: int
    lag: float

    @property
    def new(self) -> Sequence[object]:
        """What was not known before."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The last word of a process. Times have a zone; `every_seconds` is how often it speaks (0: once,
    when it is done); `lag_seconds` is how far it is behind what it follows; `spool_files` and
    `spool_bytes` are hints of workers that wait; `counts` whatever else it counts, since it started.
    """

    process: str
    version: str
    said: datetime
    started: datetime | None = None
    every_seconds: float = 0.0
    last_success: datetime | None = None
    last_error: str = ""
    last_error_at: datetime | None = None
    lag_seconds: float | None = None
    spool_files: int = 0
    spool_bytes: int = 0
    counts: dict[str, float] = {}
    host: str = ""


def say(store: Kept, status: Status) -> None:
    """Keep the last word of a process, in place of the one before."""
    store.move(f"status:{status.process}", msgspec.json.encode(status).decode())


def said(store: Kept, process: str) -> Status | None:
    """The last word of a process; None where it never spoke, or spoke another language."""
    try:
        return msgspec.json.decode(store.cursor(f"status:{process}"), type=Status)
    except msgspec.DecodeError:
        return None


@contextmanager
def working(settings: Settings, process: str, what: str) -> Iterator[Callable[[str], None]]:
    """Says how work on `what` went that ends by itself (the check of a dataset, the retraining of a
    model), where incidents are kept. The block may name its outcome (`done` otherwise); one that raises
    a `DagnosisError` has `failed`, and wrong use is not told at all. Each outcome is counted as
    `what:outcome`, on top of what was counted before.

    That nothing can be said is no reason to fail; two that end at the same moment may lose a count.
    """
    outcomes = ["done"]
    try:
        yield outcomes.append
    except WrongUse:
        raise
    except DagnosisError as error:
        _did(settings, process, f"{redact(what)}:failed", redact(str(error)))
        raise
    _did(settings, process, f"{redact(what)}:{outcomes[-1]}", "")


def _did(settings: Settings, process: str, counted: str, error: str) -> None:
    from dagnosis.incidents.incidents import open_incidents
    from dagnosis.incidents.place import place

    now = datetime.now(timezone.utc)
    with suppress(DagnosisError):
        if not place(settings.store_place).exists:
            return
        with open_incidents(settings.store_place) as store:
            before = said(store, process) or Status(process=process, version=__version__, said=now)
            status = msgspec.structs.replace(
                before,
                version=__version__,
                said=now,
                counts={**before.counts, counted: before.counts.get(counted, 0) + 1},
                host=socket.gethostname(),
            )
            if error:
                status = msgspec.structs.replace(status, last_error=error, last_error_at=now)
            else:
                status = msgspec.structs.replace(status, last_success=now)
            say(store, status)


class Pulse:
    """Says how a watch is, after each of its rounds (`Afterwards` of `services.watch.follow`) and when
    its Airflow does not answer. It speaks at most every `SPEAKS` seconds, but of trouble at
    once. `every_seconds` is how often it is expected to (0: nobody waits for it)."""

    def __init__(
        self,
        store: Kept,
        spool: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        every_seconds: float = SPEAKS,
    ) -> None:
        self._store, self._spool, self._now = store, spool, now
        self._status = Status(
            process="watch",
            version=__version__,
            said=now(),
            started=now(),
            every_seconds=every_seconds,
            host=socket.gethostname(),
        )
        self._spoken: datetime | None = None
        self._counts: Counter[str] = Counter()

    def __call__(self, done: Done) -> None:
        """After a round."""
        self._counts.update(rounds=1, changed=done.changed, failures_found=len(done.new))
        now = self._now()
        self._status = msgspec.structs.replace(
            self._status, last_success=now, lag_seconds=done.lag, counts=dict(self._counts)
        )
        if self._spoken is None or (now - self._spoken).total_seconds() >= SPEAKS / 2:
            self._say(now)

    def trouble(self, error: DagnosisError) -> None:
        """A round failed."""
        now = self._now()
        self._counts["troubles"] += 1
        self._status = msgspec.structs.replace(
            self._status,
            last_error=redact(str(error)),
            last_error_at=now,
            counts=dict(self._counts),
        )
        self._say(now)

    def _say(self, now: datetime) -> None:
        waiting = sizes(self._spool)
        self._status = msgspec.structs.replace(
            self._status, said=now, spool_files=len(waiting), spool_bytes=sum(waiting)
        )
        say(self._store, self._status)
        self._spoken = now


def sizes(folder: Path | None) -> list[int]:
    """The sizes of the files in a folder; of those that go away meanwhile, nothing."""
    sizes = []
    for path in folder.iterdir() if folder and folder.is_dir() else ():
        with suppress(OSError):
            sizes.append(path.stat().st_size)
    return sizes


class Check(msgspec.Struct, frozen=True):
    """One thing looked at: its grade, what was found, and what to do where it is not good."""

    name: str
    grade: Grade
    found: str
    advice: str = ""


def checks(store: Kept, now: datetime, others: tuple[Callable[[], Check], ...] = ()) -> list[Check]:
    """Each process, then what `others` look at; none of them raises."""
    spoken = [name for name in PROCESSES if name == PROCESSES[0] or said(store, name)]
    found = [_process(store, name, now) for name in spoken]
    return [*found, *(_tried(one) for one in others)]


def _tried(look: Callable[[], Check]) -> Check:
    try:
        return look()
    except DagnosisError as error:
        return Check(look.__name__.strip("_"), "bad", str(error), "Do what the message says.")


def _process(store: Kept, name: str, now: datetime) -> Check:
    status = said(store, name)
    if status is None:
        return Check(name, "unknown", "has never run here", f"Start it: dagnosis {name} --help")
    silent = now - status.said
    if status.every_seconds and silent > timedelta(seconds=SILENT * status.every_seconds):
        return Check(
            name, "bad", f"silent for {_minutes(silent)}", "Is it running? See its own log."
        )
    failing = status.last_error_at and (
        status.last_success is None or status.last_error_at > status.last_success
    )
    if failing:
        return Check(name, "bad", status.last_error, "Its last round failed; the next may not.")
    if (status.lag_seconds or 0.0) > LAG:
        behind = _minutes(timedelta(seconds=status.lag_seconds or 0))
        return Check(
            name, "warn", f"{behind} behind", "It is catching up, or too slow: see its log."
        )
    if status.spool_files > SPOOLED:
        return Check(name, "warn", f"{status.spool_files:,} hints wait in the spool", "As above.")
    return Check(name, "ok", f"last heard of {_minutes(silent)} ago")


def _minutes(length: timedelta) -> str:
    seconds = max(length.total_seconds(), 0.0)
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:,.0f} min"
