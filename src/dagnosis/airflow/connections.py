"""Airflow's connections by name: `conn://ID` wherever a database or a store is named.

Within a task they come from Airflow's supervisor, since tasks may not read the metadata database;
on the command line from the secrets backends, the environment or the metadata database, as
`airflow connections get` finds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dagnosis.errors import ServiceUnreachable, WrongUse

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from dagnosis.data.profile.sql import SQLEngine

SCHEME = "conn://"


def table_of(place: str, table: str | None, where: str | None = None) -> SQLEngine:
    """The table behind `conn://ID`; raises `WrongUse`, `ServiceUnreachable`."""
    from dagnosis.data.profile.sql import SQLEngine

    if table is None:
        raise WrongUse(f"{place}: name the table that holds the batch (table, --table)")
    return SQLEngine(engine_of(place), table, where)


def engine_of(place: str) -> Engine:
    """The SQLAlchemy engine of the connection `conn://ID`, made by the hook of its provider.

    Raises `WrongUse` where there is no such connection, its provider is not installed, or it is no
    database; `ServiceUnreachable` where a secrets backend does not answer.
    """
    conn_id = place.removeprefix(SCHEME).strip("/")
    connection = connection_of(conn_id)
    hook = _hook(conn_id, connection)
    if not hasattr(hook, "get_sqlalchemy_engine"):
        raise WrongUse(f"connection {conn_id!r} is of {type(hook).__name__}, which is no database")
    # hooks ask the task SDK again, which outside of tasks does not look into the metadata database
    hook.get_connection = lambda _: connection
    from sqlalchemy import NullPool

    # a check makes a few queries and goes; a pool would keep its connection open
    engine: Engine = hook.get_sqlalchemy_engine(engine_kwargs={"poolclass": NullPool})
    return engine


def _hook(conn_id: str, connection: Any) -> Any:
    try:
        return connection.get_hook()
    except Exception as error:
        # whatever a provider raises: Airflow itself for an unknown type, the import of its driver
        raise WrongUse(
            f"connection {conn_id!r} of type {connection.conn_type!r} cannot be used: {_line(error)}; "
            "is the provider installed?"
        ) from None


def connection_of(conn_id: str) -> Any:
    """Airflow's own connection; raises `WrongUse`, `ServiceUnreachable`."""
    try:
        from airflow.sdk import BaseHook
    except ImportError:
        raise WrongUse(
            f"conn://{conn_id}: connections are Airflow's, which is not installed here; "
            "give the URL of the database"
        ) from None
    try:
        return BaseHook.get_connection(conn_id)
    except Exception as error:
        found = None if _in_task() else _from_metadata(conn_id)
        if found is not None:
            return found
        # the classes differ between versions and processes, the names do not
        if "NotFound" in type(error).__name__ or "NOT_FOUND" in str(error) or not _in_task():
            raise WrongUse(
                f"no connection {conn_id!r} in this Airflow; airflow connections list shows what is"
            ) from None
        raise ServiceUnreachable(f"connection {conn_id!r}: {_line(error)}") from None


def _in_task() -> bool:
    import sys

    return hasattr(sys.modules.get("airflow.sdk.execution_time.task_runner"), "SUPERVISOR_COMMS")


def _from_metadata(conn_id: str) -> Any:
    """What Airflow's own commands would find; None where they find nothing."""
    try:
        from airflow.models.connection import Connection

        return Connection.get_connection_from_secrets(conn_id)
    except Exception:
        return None  # no metadata database here, or no such connection: the caller says so


def _line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
