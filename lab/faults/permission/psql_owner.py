"""A role alters a table that it does not own."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ERROR: must be owner of table orders, through psycopg2 and the user's wrapper."""
    import os

    from lab.authoring import task

    class MigrationFailed(Exception):
        pass

    @task
    def add_channel_column() -> None:
        import psycopg2

        dsn = os.environ["DWH_DSN"].replace("etl:etl-pass-2026", "reporting:reporting-2026")
        with psycopg2.connect(dsn) as connection:
            try:
                connection.cursor().execute("ALTER TABLE orders ADD channel text")
            except psycopg2.Error as error:
                raise MigrationFailed("migration 0042_channel was rolled back") from error

    add_channel_column()


FAULT = Fault(
    name="psql_owner",
    family="permission",
    dag_id="channel_column",
    cause="not the owner of the table (42501)",
    states="must be owner of table orders",
    build=build,
    needs=("postgres",),
    twin=True,
)
