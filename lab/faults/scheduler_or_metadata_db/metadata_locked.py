"""The metadata database is locked by another process (Airflow 2)."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """sqlite3.OperationalError: database is locked, from Variable.get in a task."""
    from lab.authoring import task

    @task
    def read_limits() -> None:
        import os
        import sqlite3

        from lab.authoring import Variable

        other = sqlite3.connect(os.environ["AIRFLOW_HOME"] + "/airflow.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            Variable.set("limit_checked", "yes")
        finally:
            other.execute("ROLLBACK")

    read_limits()


FAULT = Fault(
    name="metadata_locked",
    family="scheduler_or_metadata_db",
    dag_id="limits_read",
    cause="the metadata database is locked",
    states="database is locked",
    transience="transient",
    build=build,
    needs=("sqlite_metadata",),
    only_twin=True,
)
