"""A SQLite table is missing."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """pandas wraps it in DatabaseError."""
    from lab.authoring import task

    @task
    def read_history() -> int:
        import sqlite3

        import pandas

        return len(pandas.read_sql("SELECT * FROM history", sqlite3.connect(":memory:")))

    read_history()


FAULT = Fault(
    name="sqlite_table",
    family="resource_not_found",
    dag_id="history_read",
    cause="the table does not exist",
    states="no such table: history",
    build=build,
    twin=True,
)
