"""A negative amount arrives."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 23514."""
    import os

    from lab.authoring import task

    @task
    def book_refunds() -> None:
        import psycopg2

        with psycopg2.connect(os.environ["DWH_DSN"]) as connection:
            cursor = connection.cursor()
            rows = [(41, 1, 3.5, "2026-11-24"), (42, 1, -3.5, "2026-11-24")]
            cursor.executemany("INSERT INTO orders VALUES (%s, %s, %s, %s)", rows)

    book_refunds()


FAULT = Fault(
    name="check_violated",
    family="data_error",
    dag_id="refunds_book",
    cause="check constraint violated (23514)",
    states="violates check constraint",
    build=build,
    needs=("postgres",),
)
