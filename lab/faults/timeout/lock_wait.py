"""Another session holds the lock."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 55P03 by lock_timeout."""
    import os

    from lab.authoring import task

    @task
    def truncate_staging() -> None:
        import psycopg2

        holder = psycopg2.connect(os.environ["DWH_DSN"])
        holder.cursor().execute("LOCK TABLE staging_events IN ACCESS EXCLUSIVE MODE")
        waiting = psycopg2.connect(os.environ["DWH_DSN"], options="-c lock_timeout=700")
        waiting.cursor().execute("DELETE FROM staging_events WHERE id = 99")

    truncate_staging()


FAULT = Fault(
    name="lock_wait",
    family="timeout",
    dag_id="staging_truncate",
    cause="lock timeout (55P03)",
    states="canceling statement due to lock timeout",
    accepted=("external_service_error",),
    transience="transient",
    build=build,
    needs=("postgres",),
)
