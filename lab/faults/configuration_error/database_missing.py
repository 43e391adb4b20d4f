"""The database name is wrong."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 3D000."""
    import os

    from lab.authoring import task

    @task
    def connect_mart() -> None:
        import psycopg2

        psycopg2.connect(os.environ["DWH_DSN"].replace("/dwh", "/dwh_prod"))

    connect_mart()


FAULT = Fault(
    name="database_missing",
    family="configuration_error",
    dag_id="mart_connect",
    cause="the database does not exist (3D000)",
    states='database "dwh_prod" does not exist',
    accepted=("resource_not_found",),
    build=build,
    needs=("postgres",),
    twin=True,
)
