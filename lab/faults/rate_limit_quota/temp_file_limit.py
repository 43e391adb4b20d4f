"""A query may not use so much temporary disk."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 53400: temporary file size exceeds temp_file_limit."""
    import os

    from lab.authoring import task

    @task
    def report_ranks() -> int:
        import psycopg2

        dsn = os.environ["DWH_DSN"].replace("etl:etl-pass-2026", "analyst:analyst-2026")
        with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT n FROM generate_series(1, 200000) n ORDER BY md5(n::text)")
            return len(cursor.fetchall())

    report_ranks()


FAULT = Fault(
    name="temp_file_limit",
    family="rate_limit_quota",
    dag_id="ranks_report",
    cause="the limit of temporary files for the role (53400)",
    states="temporary file size exceeds temp_file_limit",
    needs=("postgres",),
    accepted=("disk_full", "configuration_error"),
    transience="permanent",
    build=build,
)
