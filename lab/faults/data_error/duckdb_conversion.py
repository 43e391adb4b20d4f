"""DuckDB cannot convert a text."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ConversionException."""
    from lab.authoring import task

    @task
    def cast_dates() -> None:
        import duckdb

        duckdb.sql(
            "SELECT CAST(d AS date) FROM (VALUES ('2026-11-24'), ('24.11.2026')) t(d)"
        ).fetchall()

    cast_dates()


FAULT = Fault(
    name="duckdb_conversion",
    family="data_error",
    dag_id="dates_cast",
    cause="a date in another format",
    states="Conversion Error",
    accepted=("code_error",),
    build=build,
)
