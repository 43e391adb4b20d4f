"""Engine.execute was removed in SQLAlchemy 2."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """AttributeError: 'Engine' object has no attribute 'execute'."""
    from lab.authoring import task

    @task
    def count_rows() -> None:
        import sqlalchemy

        sqlalchemy.create_engine("sqlite://").execute("select 1")

    count_rows()


FAULT = Fault(
    name="engine_execute",
    family="dependency_version_conflict",
    dag_id="rows_count",
    cause="SQLAlchemy 2 with code written for 1.x",
    states="'Engine' object has no attribute 'execute'",
    accepted=("code_error",),
    build=build,
)
