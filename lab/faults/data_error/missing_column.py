"""The source lost a column."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 42703, wrapped by pandas in its own DatabaseError."""
    import os

    from lab.authoring import task

    @task
    def read_customers() -> int:
        import pandas
        import psycopg2

        connection = psycopg2.connect(os.environ["DWH_DSN"])
        frame = pandas.read_sql("SELECT id, email, phone FROM customers", connection)
        return len(frame)

    read_customers()


FAULT = Fault(
    name="missing_column",
    family="data_error",
    dag_id="customers_read",
    cause="the column was dropped in the source (42703)",
    states='column "phone" does not exist',
    accepted=("code_error", "resource_not_found"),
    note="pandas warns about the connection type before",
    build=build,
    needs=("postgres",),
    twin=True,
)
