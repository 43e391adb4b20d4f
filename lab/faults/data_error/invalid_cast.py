"""Text that is no number is cast to one."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 22P02."""
    import os

    from lab.authoring import task

    @task
    def stage_to_mart() -> None:
        import psycopg2

        with psycopg2.connect(os.environ["DWH_DSN"]) as connection:
            connection.cursor().execute("SELECT id, amount::numeric FROM staging_events")

    stage_to_mart()


FAULT = Fault(
    name="invalid_cast",
    family="data_error",
    dag_id="stage_to_mart",
    cause="'n/a' cast to numeric (22P02)",
    states='invalid input syntax for type numeric: "n/a"',
    build=build,
    needs=("postgres",),
    twin=True,
)
