"""A database URL with a typing error."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """SQLAlchemy NoSuchModuleError."""
    from lab.authoring import task

    @task
    def open_mart() -> None:
        import sqlalchemy

        sqlalchemy.create_engine("postgressql://etl@127.0.0.1/mart").connect()

    open_mart()


FAULT = Fault(
    name="unknown_dialect",
    family="configuration_error",
    dag_id="mart_open",
    cause="the URL names a dialect that does not exist",
    states="Can't load plugin: sqlalchemy.dialects:postgressql",
    accepted=("missing_dependency", "code_error"),
    build=build,
    twin=True,
)
