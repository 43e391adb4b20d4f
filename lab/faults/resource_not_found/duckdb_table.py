"""A DuckDB table is missing."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """CatalogException with a suggestion."""
    from lab.authoring import task

    @task
    def summarise_trips() -> None:
        import duckdb

        connection = duckdb.connect()
        connection.execute("CREATE TABLE trips_2026 AS SELECT 1 AS id")
        connection.execute("SELECT count(*) FROM trips_2025")

    summarise_trips()


FAULT = Fault(
    name="duckdb_table",
    family="resource_not_found",
    dag_id="trips_summary",
    cause="the table does not exist",
    states="Catalog Error: Table with name trips_2025 does not exist",
    build=build,
)
