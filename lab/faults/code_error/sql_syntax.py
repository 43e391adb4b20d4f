"""A SQL statement with a trailing comma."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 42601 through psycopg2."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.sql")

    @task
    def aggregate_orders() -> None:
        import psycopg2

        statement = "SELECT customer_id, sum(amount), FROM orders GROUP BY customer_id"
        log.info("Executing: %s", statement)
        with psycopg2.connect(os.environ["DWH_DSN"]) as connection:
            connection.cursor().execute(statement)

    aggregate_orders()


FAULT = Fault(
    name="sql_syntax",
    family="code_error",
    dag_id="orders_aggregate",
    cause="SQL syntax error (42601)",
    states='syntax error at or near "FROM"',
    build=build,
    needs=("postgres",),
    twin=True,
)
