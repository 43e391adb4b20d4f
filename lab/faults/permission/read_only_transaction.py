"""The session is read-only."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 25006."""
    import os

    from lab.authoring import task

    @task
    def write_to_replica() -> None:
        import psycopg2

        connection = psycopg2.connect(os.environ["DWH_DSN"])
        connection.set_session(readonly=True)
        connection.cursor().execute("DELETE FROM orders WHERE id = 0")

    write_to_replica()


FAULT = Fault(
    name="read_only_transaction",
    family="permission",
    dag_id="replica_write",
    cause="read-only transaction (25006)",
    states="in a read-only transaction",
    accepted=("configuration_error", "code_error"),
    build=build,
    needs=("postgres",),
)
