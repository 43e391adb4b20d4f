"""What is done now and then by a schedule: the history of runs, the forecast, the models.

Each says in the store how it went, so that the page Health and the digest know.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import msgspec

from dagnosis import __version__
from dagnosis.errors import DagnosisError, UnreadableInput
from dagnosis.logs.redaction import redact
from dagnosis.services.health import Kept, Status, said, say

if TYPE_CHECKING:
    from dagnosis.services.drift import Drift
    from dagnosis.services.forecast_training import TrainedReport
    from dagnosis.services.retrain import Outcome
    from dagnosis.settings import Settings


def learn_forecast(settings: Settings, store: Kept, *, dry_run: bool = False) -> TrainedReport:
    """Bring the history of runs up to date, train the forecast on it, and put it in use where it wins;
    then reckon the risks anew.

    Raises `UnreadableInput` where there is too little history, and what the source of runs raises.
    """
    from dagnosis.services.retrain import retrain_forecast

    with _telling(store, "retrain") as counts:
        pull(settings)
        report = retrain_forecast(
            settings.runs_place, dry_run=dry_run, folder=settings.models_folder
        )
        counts.update(runs=report.runs, promoted=float(report.promoted))
        renew(settings, store)
    return report


def learn_causes(settings: Settings, *, dry_run: bool = False) -> tuple[list[Outcome], list[str]]:
    """Retrain what learns from feedback; what came of each, and why others could not be trained."""
    from dagnosis.incidents.store import open_store
    from dagnosis.logs.training import contract
    from dagnosis.services.retrain import retrain

    with open_store(settings.store_place) as opened:
        labels = opened.labels()
    found, missing = contract.trainers()
    outcomes = [
        retrain(trainer, labels, dry_run=dry_run, folder=settings.models_folder)
        for trainer in found
    ]
    return outcomes, [str(error) for error in missing]


def judge_forecast(settings: Settings, store: Kept) -> Drift:
    """How the forecast in use did on the runs since it was trained; the risks are reckoned anew.

    Raises `UnreadableInput` where fewer than 50 such runs have ended, and what the source raises.
    """
    from dagnosis.services import drift

    with _telling(store, "forecast") as counts:
        pull(settings)
        renew(settings, store)
        found = drift.watch(settings.runs_place, folder=settings.models_folder)
        counts.update(drift.metrics(found))
    return found


def pull(settings: Settings) -> None:
    """Bring the history of runs up to date, where an Airflow is set up."""
    from dagnosis.services import history

    if settings.airflow_database or settings.airflow_url:
        history.pull("", settings.runs_place, settings)


def renew(settings: Settings, store: Kept) -> None:
    """Reckon the risks anew. Raises `UnreadableInput` where there is no history."""
    from dagnosis.services import outlook

    outlook.keep(store, outlook.look(settings.runs_place, settings.models_folder))


@contextmanager
def _telling(store: Kept, process: str) -> Iterator[dict[str, float]]:
    """Keep how it went; too little history is no trouble, since time mends it."""
    now = datetime.now(timezone.utc)
    before = said(store, process)
    status = Status(
        process=process,
        version=__version__,
        said=now,
        started=now,
        last_success=before.last_success if before else None,
        host=socket.gethostname(),
    )
    counts: dict[str, float] = {}
    try:
        yield counts
    except UnreadableInput:
        raise
    except DagnosisError as error:
        told = {"last_error": redact(str(error)), "last_error_at": datetime.now(timezone.utc)}
        say(store, msgspec.structs.replace(status, **told))
        raise
    ended = datetime.now(timezone.utc)
    say(store, msgspec.structs.replace(status, said=ended, last_success=ended, counts=counts))
