"""Two sessions block each other."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 40P01, in one of two threads."""
    import os

    from lab.authoring import task

    @task
    def rebalance_stock() -> None:
        import concurrent.futures
        import threading

        import psycopg2

        gate = threading.Barrier(2)

        def swap(first: str, second: str) -> None:
            with psycopg2.connect(os.environ["DWH_DSN"]) as connection:
                cursor = connection.cursor()
                statement = "UPDATE stock SET on_hand = on_hand WHERE sku = %s"
                cursor.execute(statement, [first])
                gate.wait()
                cursor.execute(statement, [second])

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(swap, "SKU-1", "SKU-2"), pool.submit(swap, "SKU-2", "SKU-1")]
            for future in futures:
                future.result()

    rebalance_stock()


FAULT = Fault(
    name="deadlock",
    family="external_service_error",
    dag_id="stock_rebalance",
    cause="deadlock detected (40P01)",
    states="deadlock detected",
    accepted=("code_error", "data_error", "timeout"),
    note="no family fits a database deadlock well",
    transience="transient",
    build=build,
    needs=("postgres",),
)
