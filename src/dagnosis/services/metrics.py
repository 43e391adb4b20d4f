"""Metrics at the start of a process, or of a run from cron: what the stores hold already."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import DagnosisError, WrongUse
from dagnosis.metrics import Metrics
from dagnosis.metrics.catalogue import CallOutcome
from dagnosis.metrics.recorder import Counted
from dagnosis.services.watch.measuring import measure, report
from dagnosis.settings import Settings

if TYPE_CHECKING:
    from dagnosis.logs.llm.consult import Consultation
    from dagnosis.services.watch.rounds import Round as Done

EVERY = 300.0
"""Seconds between two looks into the store."""


def seed(metrics: Metrics, settings: Settings, incidents: Counted | None = None) -> None:
    """Take from the stores that exist what survives a restart; none is created.

    Raises `ServiceUnreachable` or `UnreadableInput` for a store that cannot be read.
    """
    if incidents is not None:
        metrics.refresh(incidents)
    _models(metrics, settings)
    _datasets(metrics, settings)
    _budget(metrics, settings)


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
        incidents: Counted,
        source: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`source` is the name of what is followed. Raises as `seed` does."""
        self._metrics, self._settings, self._incidents = metrics, settings, incidents
        self._source, self._now = source, now
        seed(metrics, settings, incidents)
        self._taken = now()

    def __call__(self, done: Done) -> None:
        """After a round."""
        measure(self._metrics, report(done, self._settings.spool_folder), self._source)
        now = self._now()
        if now - self._taken >= EVERY:
            seed(self._metrics, self._settings, self._incidents)
            self._taken = now

    def trouble(self) -> None:
        """A round failed."""
        self._metrics.polled(None, source=self._source, ok=False)


def consulted(metrics: Metrics) -> Callable[[Consultation], None]:
    """Tells what became of questions to a language model; what was not asked is not told."""

    def tell(one: Consultation) -> None:
        if one.note.startswith("not asked"):
            return
        outcome: CallOutcome = "won" if one.won else "stood" if one.tokens else "failed"
        metrics.llm(
            "kept" if one.kept else outcome, tokens=one.tokens, cost=one.cost, seconds=one.seconds
        )

    return tell


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


class _Said(msgspec.Struct):
    """What is read of a stored finding."""

    rows: int | None = None
    score: float = 0.0
    limit: float = 0.0


def _datasets(metrics: Metrics, settings: Settings) -> None:
    from dagnosis.data.store import ProfileStore

    place = settings.profiles_place
    if "://" not in place and not Path(place).is_file():
        return
    for latest in ProfileStore(place).datasets():
        said = msgspec.json.decode(latest.finding, type=_Said) if latest.finding else _Said()
        when = latest.made.timestamp()
        metrics.dataset(latest.dataset, when, rows=said.rows, score=said.score, limit=said.limit)
        metrics.succeeded("check", when)


def _budget(metrics: Metrics, settings: Settings) -> None:
    from dagnosis.logs.llm.account import limits_of
    from dagnosis.logs.llm.budget import Budget, default_folder

    file = default_folder() / "llm-usage.sqlite3"
    if settings.llm_when == "never" or not file.is_file():
        return
    budget = Budget(limits_of(settings), file)
    with suppress(DagnosisError):  # a ledger that cannot be read hides nothing else
        metrics.llm_budget(budget.spent(), budget.limits)
