"""A date that does not exist."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 22008."""
    import os

    from lab.authoring import task

    @task
    def fill_calendar() -> None:
        import psycopg2

        with psycopg2.connect(os.environ["DWH_DSN"]) as connection:
            connection.cursor().execute("SELECT '2026-02-30'::date")

    fill_calendar()


FAULT = Fault(
    name="date_out_of_range",
    family="data_error",
    dag_id="calendar_fill",
    cause="30 February (22008)",
    states="date/time field value out of range",
    build=build,
    needs=("postgres",),
)
