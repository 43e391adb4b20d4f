"""The table was never created in this database."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 42P01."""
    import os

    from lab.authoring import task

    @task
    def refresh_mart() -> None:
        import psycopg2

        with psycopg2.connect(os.environ["DWH_DSN"]) as connection:
            connection.cursor().execute("INSERT INTO mart.sales SELECT * FROM orders")

    refresh_mart()


FAULT = Fault(
    name="table_missing",
    family="resource_not_found",
    dag_id="mart_refresh",
    cause="undefined table (42P01)",
    states='relation "mart.sales" does not exist',
    build=build,
    needs=("postgres",),
    twin=True,
)
