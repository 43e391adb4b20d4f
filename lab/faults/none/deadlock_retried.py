"""A deadlock is met and the statement repeated."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """deadlock detected, at WARNING, then success."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.stock")

    @task
    def adjust_stock() -> int:
        import concurrent.futures
        import threading

        import psycopg2

        gate = threading.Barrier(2)

        def swap(first: str, second: str) -> int:
            for attempt in (1, 2, 3):
                try:
                    with psycopg2.connect(os.environ["DWH_DSN"]) as connection:
                        cursor = connection.cursor()
                        statement = "UPDATE stock SET on_hand = on_hand WHERE sku = %s"
                        cursor.execute(statement, [first])
                        if attempt == 1:
                            gate.wait()
                        cursor.execute(statement, [second])
                    return attempt
                except psycopg2.errors.DeadlockDetected as error:
                    log.warning("attempt %d: %s", attempt, str(error).strip())
            raise RuntimeError("too many deadlocks")

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(swap, "SKU-3", "SKU-4"), pool.submit(swap, "SKU-4", "SKU-3")]
            return sum(future.result() for future in futures)

    adjust_stock()


FAULT = Fault(
    name="deadlock_retried",
    family="none",
    dag_id="stock_adjust",
    cause="none: a deadlock that was retried",
    states=None,
    build=build,
    needs=("postgres",),
)
