"""Metrics at the start of a process, or of a run from cron: what the stores hold already."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Protocol, get_args

import msgspec

from dagnosis.errors import DagnosisError, WrongUse
from dagnosis.metrics import Metrics
from dagnosis.metrics.catalogue import CheckStatus, Retrained
from dagnosis.metrics.recorder import Counted
from dagnosis.services.health import Kept, said
from dagnosis.services.watch.measuring import measure, report
from dagnosis.services.watch.notes import Notes
from dagnosis.settings import Settings

if TYPE_CHECKING:
    from dagnosis.data.store import ProfileStore
    from dagnosis.services.watch.rounds import Round as Done

EVERY = 300.0
"""Seconds between two looks into the store."""
AGAIN = timedelta(minutes=10)
"""How far back checks are looked for again."""


class Incidents(Counted, Kept, Protocol):
    """What is asked of a store of incidents."""


class Seeds:
    """Takes from the stores that exist, at the start and every `EVERY` seconds, what survives a restart
    and what other processes did: checks, retrainings, feedback. No store is created."""

    def __init__(
        self,
        metrics: Metrics,
        settings: Settings,
        incidents: Incidents | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._metrics, self._settings, self._incidents = metrics, settings, incidents
        self._begun = self._since = now()
        self._counted: dict[tuple[str, str, str], datetime] = {}

    def __call__(self) -> None:
        """Take it. Raises `ServiceUnreachable` or `UnreadableInput` for a store that cannot be read."""
        metrics, settings = self._metrics, self._settings
        if self._incidents is not None:
            metrics.refresh(self._incidents)
            _outlook(metrics, self._incidents)
            _said(metrics, self._incidents)
            _feedback(metrics, settings)
        _models(metrics, settings)
        _datasets(metrics, settings)
        self._checks()
        _budget(metrics, settings)

    def _checks(self) -> None:
        """Count the batches that were checked since this was made, each check once.

        What a slower clock, or a long transaction, wrote into the last minutes is looked for again.
        """
        profiles = _profiles(self._settings)
        for one in profiles.checked(self._since) if profiles else ():
            key = one.dataset, one.partition, one.run
            if self._counted.get(key) == one.made:
                continue
            self._counted[key] = one.made
            found = msgspec.json.decode(one.finding, type=_Finding)
            self._metrics.checked(
                one.dataset, found.status, rows=found.rows, score=found.score, limit=found.limit,
                seconds=found.elapsed_ms / 1000, when=one.made.timestamp(),
            )  # fmt: skip
            self._since = max(self._begun, one.made - AGAIN)
        self._counted = {key: made for key, made in self._counted.items() if made > self._since}


def seed(metrics: Metrics, settings: Settings, incidents: Incidents | None = None) -> None:
    """Take it once. Raises as `Seeds` does."""
    Seeds(metrics, settings, incidents)()


def now_and_then(
    take: Callable[[], None], every: float = EVERY, now: Callable[[], float] = time.monotonic
) -> Callable[[], Thread | None]:
    """What calls `take`, in a thread of its own, where it was last called `every` seconds ago or more
    (at first: when this was made). A store that does not answer is asked again the next time."""
    taken = now()

    def careful() -> None:
        with suppress(DagnosisError):
            take()

    def due() -> Thread | None:
        nonlocal taken
        if now() - taken < every:
            return None
        taken = now()
        thread = Thread(target=careful, daemon=True)
        thread.start()
        return thread

    return due


class Telling:
    """Tells what a watch does, after each of its rounds (`Afterwards` of `services.watch.follow`).

    What the store holds is taken from it at the start and every `EVERY` seconds.
    """

    def __init__(
        self,
        metrics: Metrics,
        settings: Settings,
        incidents: Incidents,
        source: str,
        notes: Notes,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`source` is the name of what is followed, `notes` what the parts of the watch write into.
        Raises as `Seeds` does."""
        self._metrics, self._spool = metrics, settings.spool_folder
        self._source, self._notes, self._now = source, notes, now
        self._seeds = Seeds(metrics, settings, incidents)
        self._seeds()
        self._taken = now()

    def __call__(self, done: Done) -> None:
        """After a round."""
        measure(self._metrics, report(done, self._spool, self._notes.take()), self._source)
        now = self._now()
        if now - self._taken >= EVERY:
            self._seeds()
            self._taken = now

    def trouble(self) -> None:
        """A round failed."""
        self._metrics.polled(None, source=self._source, ok=False)


def listen(metrics: Metrics, host: str, port: int) -> Callable[[], None]:
    """Answer scrapes beside what the process does; gives the way to end it.

    Raises `WrongUse` for an address that cannot be listened on.
    """
    from prometheus_client import start_wsgi_server

    try:
        server, thread = start_wsgi_server(port, host, metrics.registry)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WrongUse(f"metrics: {host}:{port}: {reason}; set metrics_port to another") from None

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


def _models(metrics: Metrics, settings: Settings) -> None:
    from dagnosis.models import store

    folder = settings.models_folder
    for name in store.names(folder):
        for one in store.versions(name, folder):
            if one.current and one.manifest is not None:
                metrics.model(name, one.version, one.origin, one.manifest.created)
                if one.origin == "promoted":
                    metrics.succeeded("retrain", one.manifest.created.timestamp())


def _outlook(metrics: Metrics, store: Kept) -> None:
    from dagnosis.services import outlook

    found = outlook.kept(store)
    if found is not None:
        metrics.risks((one.p_fail for one in found.risks), found.threshold)
        metrics.succeeded("forecast", found.made.timestamp())


def _said(metrics: Metrics, store: Kept) -> None:
    """What processes that end by themselves said of their work (`services.health.working`)."""
    for name, outcome, total in _counts(store, "check"):
        if outcome == "failed":
            metrics.checked(name, "error", total=total)
    for name, outcome, total in _counts(store, "retrain"):
        if outcome in get_args(Retrained):
            metrics.retrained(name, outcome, total)  # type: ignore[arg-type]
    for process in ("check", "retrain"):
        status = said(store, process)
        if status is not None and status.last_success is not None:
            metrics.succeeded(process, status.last_success.timestamp())


def _counts(store: Kept, process: str) -> Iterator[tuple[str, str, int]]:
    status = said(store, process)
    for what, total in status.counts.items() if status else ():
        name, _, outcome = what.rpartition(":")
        yield name, outcome, int(total)


def _feedback(metrics: Metrics, settings: Settings) -> None:
    from dagnosis.incidents.place import place
    from dagnosis.incidents.store import open_store

    if not place(settings.store_place).exists:
        return
    with open_store(settings.store_place) as diagnoses:
        for verdict, total in diagnoses.verdicts().items():
            metrics.told(verdict, total)


class _Finding(msgspec.Struct):
    """What is read of a stored finding."""

    rows: int | None = None
    score: float = 0.0
    limit: float = 0.0
    elapsed_ms: float = 0.0
    status: CheckStatus = "healthy"


def _profiles(settings: Settings) -> ProfileStore | None:
    from dagnosis.data.store import ProfileStore

    place = settings.profiles_place
    return ProfileStore(place) if "://" in place or Path(place).is_file() else None


def _datasets(metrics: Metrics, settings: Settings) -> None:
    profiles = _profiles(settings)
    for latest in profiles.datasets() if profiles else ():
        found = msgspec.json.decode(latest.finding, type=_Finding) if latest.finding else _Finding()
        when = latest.made.timestamp()
        metrics.dataset(latest.dataset, when, rows=found.rows, score=found.score, limit=found.limit)


def _budget(metrics: Metrics, settings: Settings) -> None:
    from dagnosis.logs.llm.account import limits_of
    from dagnosis.logs.llm.budget import Budget, default_folder

    file = default_folder() / "llm-usage.sqlite3"
    if settings.llm_when == "never" or not file.is_file():
        return
    budget = Budget(limits_of(settings), file)
    with suppress(DagnosisError):  # a ledger that cannot be read hides nothing else
        metrics.llm_budget(budget.spent(), budget.limits)
