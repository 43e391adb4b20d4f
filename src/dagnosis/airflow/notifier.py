"""`on_failure_callback=DagnosisNotifier()`: people are told why a try failed, not only that it did.

It runs in the task's process, on the live exception and on what stands in the try's own log. It is
waited for a bounded time, and whatever goes wrong in here, the task ends as it would have.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timezone
from threading import Thread
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier

from dagnosis.airflow import options
from dagnosis.airflow.instances import ids_of
from dagnosis.airflow.own_log import own_log

if TYPE_CHECKING:
    from dagnosis.incidents.contract import Occurrence
    from dagnosis.services.announce import Announced

NAMES = ("webhook", "slack", "mail", "alertmanager")
log = logging.getLogger(__name__)


class DagnosisNotifier(BaseNotifier):
    """Sends the cause of a failed try, its quoted line, what to do, and links, through what the settings
    `notify_*` of dagnosis set up.

    Where the store of incidents can be reached, the try is counted there, and told only when its incident
    is new, back again or worse, at most `notify_most_an_hour` times an hour; else every try is told.

    :param only: names of the notifiers that are asked (webhook, slack, mail, alertmanager); default: all.
    :param store: store of incidents: a path, a URL or `conn://CONN_ID`; default: the setting `store`.
    :raises ValueError: for the name of no notifier, when the DAG is parsed.
    """

    def __init__(self, *, only: str | Collection[str] = (), store: str = "") -> None:
        super().__init__()
        self.only = (only,) if isinstance(only, str) else tuple(only)
        self.store = store
        unknown = [name for name in self.only if name not in NAMES]
        if unknown:
            raise ValueError(f"only: {unknown[0]!r} is none of {', '.join(NAMES)}")

    def __call__(self, *args: Any) -> None:
        """As Airflow calls it; raises nothing."""
        try:
            super().__call__(*args)
        except Exception:
            log.warning("dagnosis could not tell of the failure", exc_info=True)

    def notify(self, context: Any) -> None:
        """Tell of the try of this context, in a thread that is waited for
        `[dagnosis] notifier_timeout_seconds`; what it has recorded is delivered later, by whoever delivers
        next."""
        failures: list[str] = []
        done: list[Announced] = []

        def tell() -> None:
            try:
                if announced := self._tell(context):
                    done.append(announced)
            except BaseException as error:  # the user's exception may even exit when it is printed
                failures.append(f"{type(error).__name__}: {error}"[:300])

        try:
            seconds = options.number("notifier_timeout_seconds", float)
            worker = Thread(target=tell, name="dagnosis", daemon=True)
            worker.start()
            worker.join(seconds)
            if worker.is_alive():
                failures.append(f"it takes longer than {seconds:g} s")
        except Exception as error:  # no thread to be had
            failures.append(f"{type(error).__name__}: {error}"[:300])
        for announced in done:
            _say(announced)
        if failures:
            log.warning("dagnosis could not tell of the failure: %s", failures[0])

    def _tell(self, context: Any) -> Announced | None:
        from dagnosis.airflow.following import store_of
        from dagnosis.services.announce import announce
        from dagnosis.settings import load

        one = occurrence_of(context)
        if one is None:
            log.warning("dagnosis: this callback is not of a task, so there is no try to tell of")
            return None
        chosen = load({"store": store_of(self.store) or None}).settings
        return announce(one, chosen, self.only)


def _say(done: Announced) -> None:
    where = f"incident #{done.incident_id}" if done.incident_id else "no store was reached"
    log.info("dagnosis: %s; messages sent: %s", where, done.sent)
    for problem in done.problems:
        log.warning("dagnosis: not delivered: %s", problem)


def occurrence_of(context: Any) -> Occurrence | None:
    """What failed, from the context of a callback; None where it is of no try."""
    from dagnosis.services.explain import examine
    from dagnosis.services.record import occurrence
    from dagnosis.services.retry import text_of_try
    from dagnosis.sources.contract import Attempt

    ti = context.get("ti") or context.get("task_instance") if isinstance(context, Mapping) else None
    ids = ids_of(ti)
    if not (ids["dag_id"] and ids["task_id"]):
        return None
    error = context.get("exception")
    read = own_log(ids)
    text = text_of_try(error if isinstance(error, BaseException) else None, read)
    loaded = vars(ti)
    attempt = Attempt(
        task=_task(ids),
        state="up_for_retry" if ids["state"] == "up_for_retry" else "failed",
        operator=type(context.get("task")).__name__ if context.get("task") is not None else "",
        hostname=str(loaded.get("hostname") or ""),
        started=_time(loaded.get("start_date")),
        ended=datetime.now(timezone.utc),
    )
    return occurrence(attempt, text, examine(text), found_by="hook", in_log=read is not None)


def _task(ids: Mapping[str, Any]) -> Any:
    from dagnosis.model import TaskRef

    return TaskRef(
        ids["dag_id"], ids["run_id"], ids["task_id"], ids["map_index"], ids["try_number"]
    )


def _time(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) and value.tzinfo else None
