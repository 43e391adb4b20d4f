"""Settings of a task that follows an Airflow: DAGNOSIS_* and dagnosis.toml, filled in by connections.

Tasks may not read the metadata database through Airflow's models. They read an Airflow as anybody does:
by its REST API (a connection of type `http`), or by a database URL of their own (`postgres`, `mysql`,
`sqlite`), which should be of a user who may only read.
"""

from __future__ import annotations

import os
from typing import Any

from dagnosis.airflow.connections import SCHEME, connection_of
from dagnosis.airflow.own_log import log_place
from dagnosis.errors import WrongUse
from dagnosis.settings import Settings, load

SECRET = "DAGNOSIS_CONNECTION_SECRET"  # noqa: S105 - the name of a variable of this process
DATABASES = {
    "postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql", "sqlite": "sqlite",
}  # fmt: skip
"""Type of a connection -> the database's name in URLs."""


def settings_of(airflow: str = "", store: str = "", *, logs: bool = False) -> Settings:
    """The settings of this task. `airflow` is the id of a connection to an Airflow (empty: as the settings
    have it); `store` a path, a URL or conn://ID. With `logs`, or where a database is followed, logs are
    read where Airflow's own configuration has them, unless a setting says otherwise.

    Raises `WrongUse` for a connection that is none, or of another type.
    """
    own: dict[str, Any] = {"store": store_of(store) or None}
    if airflow:
        own |= _airflow(airflow)
    chosen = load(own).settings
    if not chosen.airflow_logs and (logs or chosen.airflow_database):
        folder, template = logs_here()
        filled = {"airflow_logs": folder}
        if not chosen.airflow_log_template:
            filled["airflow_log_template"] = template
        chosen = load(own | filled).settings
    return chosen


def store_of(place: str) -> str:
    """A store's place, with the URL of the connection for conn://ID."""
    return _url(place.removeprefix(SCHEME).strip("/")) if place.startswith(SCHEME) else place


def logs_here() -> tuple[str, str]:
    """Where Airflow keeps the logs of tasks, a bucket or a folder, and its template of paths there."""
    from airflow.configuration import conf

    folder, template = log_place()
    if conf.getboolean("logging", "remote_logging", fallback=False):
        remote = str(conf.get("logging", "remote_base_log_folder", fallback=""))
        folder = remote if "://" in remote else folder
    return folder, template


def _airflow(conn_id: str) -> dict[str, Any]:
    connection = connection_of(conn_id)
    if connection.conn_type in DATABASES:
        return {"airflow_database": _url(conn_id), "airflow_history_source": "airflow_db"}
    if connection.conn_type not in ("http", "https"):
        raise WrongUse(
            f"connection {conn_id!r} is of type {connection.conn_type!r}; an Airflow is followed by http, "
            f"or by its database ({', '.join(DATABASES)})"
        )
    host = str(connection.host or "")
    scheme = connection.schema or connection.conn_type
    url = host if "://" in host else f"{scheme}://{host}"
    told: dict[str, Any] = {"airflow_url": f"{url}:{connection.port}" if connection.port else url}
    told["airflow_history_source"] = "airflow_api"
    if connection.password:
        # settings hold names of variables, never secrets; it is of this process alone
        os.environ[SECRET] = connection.password
        told["airflow_password_env" if connection.login else "airflow_token_env"] = SECRET
    if connection.login:
        told["airflow_user"] = connection.login
    return told


def _url(conn_id: str) -> str:
    """The URL of a database."""
    from sqlalchemy import URL

    connection = connection_of(conn_id)
    name = DATABASES.get(connection.conn_type)
    if name is None:
        raise WrongUse(
            f"connection {conn_id!r} is of type {connection.conn_type!r}, which is none of "
            f"{', '.join(DATABASES)}"
        )
    if name == "sqlite":
        return f"sqlite:///{connection.host or connection.schema}"
    url = URL.create(
        name, connection.login or None, connection.password or None, connection.host or None,
        connection.port or None, connection.schema or None,
    )  # fmt: skip
    return url.render_as_string(hide_password=False)
