"""The role has no connection left."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 53300: too many connections for role."""
    import os

    from lab.authoring import task

    @task
    def open_pool() -> None:
        import psycopg2

        dsn = os.environ["DWH_DSN"].replace("etl:etl-pass-2026", "tiny:tiny-2026")
        pool = [psycopg2.connect(dsn) for _ in range(4)]
        print(len(pool))

    open_pool()


FAULT = Fault(
    name="database_connections",
    family="rate_limit_quota",
    dag_id="pool_open",
    cause="too many connections for role (53300)",
    states='too many connections for role "tiny"',
    accepted=("external_service_error", "network"),
    transience="transient",
    build=build,
    needs=("postgres",),
    twin=True,
)
