"""A task asks the metadata database directly."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Direct database access via the ORM is not allowed in Airflow 3.0."""
    from lab.authoring import task

    @task
    def list_failed_runs() -> int:
        from airflow.models import DagRun
        from airflow.utils.session import create_session

        with create_session() as session:
            return session.query(DagRun).count()

    list_failed_runs()


FAULT = Fault(
    name="orm_in_task",
    family="code_error",
    dag_id="failed_runs",
    cause="direct access to the metadata database from a task",
    states="Direct database access via the ORM is not allowed",
    accepted=("dependency_version_conflict", "scheduler_or_metadata_db"),
    build=build,
)
