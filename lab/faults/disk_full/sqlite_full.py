"""SQLite's database cannot grow."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """sqlite3.OperationalError: database or disk is full."""
    from lab.authoring import task

    @task
    def fill_local_cache() -> None:
        import sqlite3

        connection = sqlite3.connect(":memory:")
        connection.execute("PRAGMA max_page_count = 40")
        connection.execute("CREATE TABLE cache (body blob)")
        for part in range(100):
            connection.execute("INSERT INTO cache VALUES (randomblob(8000))")
            print(f"part {part} cached")

    fill_local_cache()


FAULT = Fault(
    name="sqlite_full",
    family="disk_full",
    dag_id="local_cache",
    cause="SQLite database full",
    states="database or disk is full",
    build=build,
    transience="unknown",
)
