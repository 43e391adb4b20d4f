"""A code is longer than its column."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 22001 through psycopg 3."""
    import os

    from lab.authoring import task

    @task
    def upsert_stock() -> None:
        import psycopg

        with psycopg.connect(os.environ["DWH_DSN"]) as connection:
            connection.execute("INSERT INTO stock VALUES ('SKU-0000000000001', 4)")

    upsert_stock()


FAULT = Fault(
    name="value_too_long",
    family="data_error",
    dag_id="stock_upsert",
    cause="value too long for varchar(12) (22001)",
    states="value too long for type character varying(12)",
    build=build,
    needs=("postgres",),
)
