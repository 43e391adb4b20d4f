"""A batch is loaded twice."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 23505, after a retry inside the task that logs ERROR."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.load")

    @task
    def load_orders() -> None:
        import psycopg2

        for attempt in (1, 2):
            try:
                with psycopg2.connect(os.environ["DWH_DSN"]) as connection:
                    cursor = connection.cursor()
                    cursor.execute("INSERT INTO orders VALUES (10, 1, 5.00, '2026-11-24')")
            except psycopg2.Error as error:
                log.error("Attempt %d of 2 failed: %s", attempt, error.pgcode)
                if attempt == 2:
                    raise

    load_orders()


FAULT = Fault(
    name="duplicate_key",
    family="data_error",
    dag_id="orders_load",
    cause="unique violation: the batch was loaded before (23505)",
    states="duplicate key value violates unique constraint",
    build=build,
    needs=("postgres",),
    twin=True,
)
