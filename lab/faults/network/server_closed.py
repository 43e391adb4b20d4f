"""The database closes the connection."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL terminates the backend (57P01), the client sees a closed connection."""
    import os

    from lab.authoring import task

    @task
    def stream_facts() -> None:
        import psycopg2

        work = psycopg2.connect(os.environ["DWH_DSN"])
        other = psycopg2.connect(os.environ["DWH_DSN"])
        cursor = other.cursor()
        cursor.execute("SELECT pg_terminate_backend(%s)", [work.info.backend_pid])
        other.commit()
        work.cursor().execute("SELECT count(*) FROM orders")

    stream_facts()


FAULT = Fault(
    name="server_closed",
    family="network",
    dag_id="facts_stream",
    cause="terminated by the administrator (57P01)",
    states="server closed the connection unexpectedly",
    accepted=("external_service_error", "cancelled_or_upstream"),
    transience="transient",
    build=build,
    needs=("postgres",),
)
