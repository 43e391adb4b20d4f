"""This Airflow as sources and stores: what its own configuration says, where dagnosis is told nothing."""

from __future__ import annotations

import os
from contextlib import ExitStack
from functools import cache
from pathlib import Path

from airflow.configuration import conf

from dagnosis.airflow.mount import MOUNT, path
from dagnosis.app import opened
from dagnosis.pages.links import Links
from dagnosis.pages.stores import Stores
from dagnosis.services.watch.rounds import Round, Watch
from dagnosis.services.watch.wiring import wire
from dagnosis.settings import PREFIX, Settings, load

_OPEN = ExitStack()


@cache
def settings() -> Settings:
    """The settings of dagnosis, filled in from Airflow's: its database, log folder and address."""
    own = {
        "airflow_database": conf.get("database", "sql_alchemy_conn"),
        "airflow_logs": conf.get("logging", "base_log_folder"),
        "airflow_log_template": conf.get("logging", "log_filename_template"),
    }
    if conf.getboolean("logging", "remote_logging", fallback=False):
        remote = conf.get("logging", "remote_base_log_folder", fallback="")
        own["airflow_logs"] = remote if "://" in remote else own["airflow_logs"]
    told = {key for key in own if os.environ.get(PREFIX + key.upper())}
    return load({key: value for key, value in own.items() if key not in told}).settings


@cache
def stores() -> Stores:
    """The stores that pages read; the API server keeps them open."""
    return _OPEN.enter_context(opened(settings()))


def links() -> Links:
    """Pages are frames below Airflow's own address."""
    base = path()
    return Links(base=base, airflow=base.removesuffix(MOUNT) or "/", embedded=True)


def secret() -> bytes:
    """What signs our forms: Airflow's own secret."""
    return str(conf.get("api", "secret_key", fallback=str(Path.cwd()))).encode()


@cache
def _watch() -> Watch:
    return wire(settings(), _OPEN).watch


def look_at(dag_id: str, run_id: str, task_id: str, map_index: int) -> Round:
    """Diagnose the failed tries of a task instance that no watch has recorded yet."""
    from dagnosis.model import TaskRef

    return _watch().look_at(TaskRef(dag_id, run_id, task_id, map_index, 0))
