"""`[dagnosis] preload`: what decides about retries is loaded before tasks are forked, not in each task."""

from __future__ import annotations

import logging
from typing import Any

from airflow.listeners import hookimpl

from dagnosis.airflow import options

log = logging.getLogger(__name__)


class Preloader:
    """Loads in a component of Airflow that starts, such as the scheduler of a LocalExecutor."""

    @hookimpl
    def on_starting(self, component: Any) -> None:
        """In the main thread: the executor forks as soon as this returns, and threads do not survive it.
        A task's own process is left alone."""
        if type(component).__name__ == "TaskRunnerMarker" or not options.flag("preload"):
            return
        try:
            load()
        except Exception:  # a guest: it is loaded in the tasks then
            log.warning("dagnosis could not be loaded before the tasks", exc_info=True)


def load() -> None:
    """Import what a decision needs, and read causes and tables: a decision about nothing does it."""
    from dagnosis.services.retry import decide, examine_try

    error = RuntimeError("a message of no library")
    decide(examine_try(error, None), errors=[error])
