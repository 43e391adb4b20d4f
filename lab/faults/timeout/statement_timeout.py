"""The database cancels a long statement."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 57014 by statement_timeout."""
    import os

    from lab.authoring import task

    @task
    def vacuum_facts() -> None:
        import psycopg2

        connection = psycopg2.connect(os.environ["DWH_DSN"], options="-c statement_timeout=800")
        connection.cursor().execute("SELECT pg_sleep(5)")

    vacuum_facts()


FAULT = Fault(
    name="statement_timeout",
    family="timeout",
    dag_id="facts_vacuum",
    cause="statement timeout (57014)",
    states="canceling statement due to statement timeout",
    transience="unknown",
    build=build,
    needs=("postgres",),
    twin=True,
)
