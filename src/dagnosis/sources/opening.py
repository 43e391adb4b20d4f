"""From settings to the source of runs and the source of logs."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from types import ModuleType
from typing import TYPE_CHECKING, cast

from dagnosis.errors import WrongUse
from dagnosis.logs.reading import Limits
from dagnosis.sources.contract import LogSource, RunHistory

if TYPE_CHECKING:
    from dagnosis.settings import Settings

GROUP = "dagnosis.sources"
"""Entry points of this group are modules of sources, by name."""
NAMES = ("airflow_api", "airflow_db", "log_files", "object_store")
"""Sources that come with dagnosis."""


def names() -> list[str]:
    """Every source that can be chosen: ours, then installed ones."""
    return [*NAMES, *sorted(point.name for point in entry_points(group=GROUP))]


def open_history(settings: Settings) -> RunHistory:
    """The source of runs: the one that is named, else the database, else Airflow's API.

    Raises `WrongUse` where none is set up, or its settings are wrong; nothing is asked of the source
    yet, but for the version of an Airflow at a URL.
    """
    name = settings.airflow_history_source
    if not name and settings.airflow_database:
        name = "airflow_db"
    if not name and settings.airflow_url:
        name = "airflow_api"
    if not name:
        raise WrongUse(
            "no Airflow is set up: set airflow_url, or airflow_database (DAGNOSIS_AIRFLOW_URL, …);"
            " see docs/howto/sources.md"
        )
    module = _module(name)
    if not hasattr(module, "open_history"):
        raise WrongUse(f"airflow_history_source: {name} has logs, but no runs")
    return cast("RunHistory", module.open_history(settings))


def open_logs(settings: Settings) -> LogSource:
    """The source of logs: the one that is named, else that of `airflow_logs`, else Airflow's API.

    Raises `WrongUse` where none is set up, or its settings are wrong.
    """
    name = settings.airflow_log_source
    if not name and settings.airflow_logs:
        name = "object_store" if "://" in settings.airflow_logs else "log_files"
    if not name and settings.airflow_url:
        name = "airflow_api"
    if not name:
        raise WrongUse(
            "no logs are set up: set airflow_logs to Airflow's log folder or bucket, or airflow_url;"
            " see docs/howto/sources.md"
        )
    module = _module(name)
    if not hasattr(module, "open_logs"):
        raise WrongUse(f"airflow_log_source: {name} has runs, but no logs")
    limits = Limits(
        whole_bytes=settings.whole_bytes,
        tail_bytes=settings.tail_bytes,
        max_unpacked_bytes=settings.max_unpacked_bytes,
    )
    return cast("LogSource", module.open_logs(settings, limits))


def _module(name: str) -> ModuleType:
    if name in NAMES:
        return importlib.import_module(f"dagnosis.sources.{name}")
    for point in entry_points(group=GROUP, name=name):
        return cast("ModuleType", point.load())
    raise WrongUse(f"{name}: no such source; there are {', '.join(names())}")
