"""DuckDB hits its memory limit."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """duckdb.OutOfMemoryException."""
    from lab.authoring import task

    @task
    def sort_events() -> None:
        import duckdb

        connection = duckdb.connect()
        connection.execute("SET memory_limit='40MB'")
        connection.execute("SET temp_directory=''")
        connection.execute(
            "SELECT list(s ORDER BY s) FROM (SELECT md5(i::text) AS s FROM range(3000000) t(i))"
        ).fetchall()

    sort_events()


FAULT = Fault(
    name="duckdb_limit",
    family="out_of_memory",
    dag_id="events_sort",
    cause="DuckDB memory limit of 40 MB",
    states="Out of Memory Error",
    build=build,
)
