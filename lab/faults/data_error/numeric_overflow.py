"""An amount is too large for its column."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 22003 while copying."""
    import os

    from lab.authoring import task

    @task
    def copy_amounts() -> None:
        import io

        import psycopg2

        body = "51\t1\t10.00\t2026-11-24\n52\t1\t98765432.10\t2026-11-24\n"
        with psycopg2.connect(os.environ["DWH_DSN"]) as connection:
            connection.cursor().copy_expert("COPY orders FROM STDIN", io.StringIO(body))

    copy_amounts()


FAULT = Fault(
    name="numeric_overflow",
    family="data_error",
    dag_id="amounts_copy",
    cause="numeric field overflow in COPY (22003)",
    states="numeric field overflow",
    build=build,
    needs=("postgres",),
)
