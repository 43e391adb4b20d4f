"""Metrics at the start of a process, or of a run from cron: what the stores hold already."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from dagnosis.errors import DagnosisError
from dagnosis.metrics import Metrics
from dagnosis.metrics.recorder import Counted
from dagnosis.settings import Settings


def seed(metrics: Metrics, settings: Settings, incidents: Counted | None = None) -> None:
    """Take from the stores that exist what survives a restart; none is created.

    Raises `ServiceUnreachable` or `UnreadableInput` for a store that cannot be read.
    """
    if incidents is not None:
        metrics.refresh(incidents)
    _models(metrics, settings)
    _datasets(metrics, settings)
    _budget(metrics, settings)


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
    for latest in ProfileStore(place).latest():
        said = msgspec.json.decode(latest.finding, type=_Said) if latest.finding else _Said()
        when = latest.made_at.timestamp()
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
