"""What a watch does after a round: find out what changed, tell people, keep the history of runs.

Each is a callable that takes the round. None of them may stop the watch: what goes wrong is logged
there (`follow`), and tried again with the next round that asks for it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import TYPE_CHECKING

from dagnosis.errors import DagnosisError
from dagnosis.incidents.contract import IncidentStore
from dagnosis.services.watch.rounds import Round
from dagnosis.sources.contract import LogSource, RunHistory

if TYPE_CHECKING:
    from dagnosis.incidents.notifications.contract import Notifier
    from dagnosis.incidents.outbox import Outbox
    from dagnosis.metrics.catalogue import Sent

INVESTIGATED = 10
"""Incidents of one round whose changes are looked for: each costs a few questions to Airflow."""
HOURLY_SECONDS = 3600.0
"""Between two times at which the history of runs is brought up to date, and old incidents are closed."""
POST_SECONDS = 5.0

_log = logging.getLogger(__name__)


class Investigator:
    """For an incident that is new or came back: what changed since the last green run."""

    def __init__(self, history: RunHistory, logs: LogSource, store: IncidentStore) -> None:
        self._history, self._logs, self._store = history, logs, store

    def __call__(self, done: Round) -> None:
        """Look at the first few of a round."""
        from dagnosis.services.changes import what_changed

        begun = [
            (one.task, recorded.incident_id)
            for one, recorded in done.new
            if one.kind == "failure" and recorded.transition in ("new", "regressed")
        ]
        for task, incident_id in begun[:INVESTIGATED]:
            try:
                found = what_changed(self._history, task, self._logs)
            except DagnosisError as error:
                _log.warning("what changed before %s is not known: %s", task, error)
                continue
            self._store.keep_changes(incident_id, found, task.dag_id)


class Historian:
    """Keeps the history of runs that forecasts learn from, and what was found out beside it."""

    def __init__(
        self, history: RunHistory, runs: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._history, self._runs, self._clock = history, runs, clock
        self._pulled: float | None = None

    def __call__(self, done: Round) -> None:
        """Facts at once, runs once an hour where something happened."""
        from dagnosis.services.history import pull_from, remember

        if done.new:
            remember(self._runs, [one for one, _ in done.new])
        now = self._clock()
        due = self._pulled is None or now - self._pulled >= HOURLY_SECONDS
        if due and (done.changed or self._pulled is None):
            self._pulled = now
            pull_from(self._history, self._runs)


class Closer:
    """Once an hour, resolves incidents of which nothing was heard for so many days; 0 for never."""

    def __init__(
        self, store: IncidentStore, days: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._days, self._clock = store, days, clock
        self._looked: float | None = None

    def __call__(self, done: Round) -> None:
        """Look, if it is time."""
        now = self._clock()
        if self._days and (self._looked is None or now - self._looked >= HOURLY_SECONDS):
            self._looked = now
            self._store.expire(timedelta(days=self._days))


class Postman:
    """Delivers notifications in a thread of its own: a slow mail server must not delay a diagnosis.
    `tell` is as in `services.notify.deliver`, and told of each notifier at the start."""

    def __init__(
        self,
        outbox: Outbox,
        notifiers: Sequence[Notifier],
        tell: Callable[[str, Sent, int], None] = lambda _notifier, _outcome, _count: None,
    ) -> None:
        self._outbox, self._notifiers, self._tell = outbox, notifiers, tell
        self._stop = Flag()
        self._thread = Thread(target=self._run, name="dagnosis-post", daemon=True)

    def __enter__(self) -> Postman:
        for one in self._notifiers:
            self._tell(one.name, "sent", 0)
        if self._notifiers:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread.ident:
            self._thread.join(POST_SECONDS)

    def _run(self) -> None:
        from dagnosis.services.notify import deliver

        while not self._stop.wait(POST_SECONDS):
            try:
                for problem in deliver(self._outbox, self._notifiers, self._tell).problems:
                    _log.warning("not delivered: %s", problem)
            except DagnosisError as error:
                _log.warning("notifications wait: %s", error)
            except Exception:
                _log.exception("notifications wait")
