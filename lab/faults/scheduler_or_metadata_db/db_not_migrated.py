"""A maintenance task meets a database that was never migrated."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`airflow dags list` says that a table is missing."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="clean_history",
        bash_command="d=$(mktemp -d); export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:///$d/a.db; "
        "airflow pools list; code=$?; rm -rf $d; echo 'history: 0 rows removed'; exit $code",
    )


FAULT = Fault(
    name="db_not_migrated",
    family="scheduler_or_metadata_db",
    dag_id="history_clean",
    cause="the metadata database has no tables",
    states="no such table",
    accepted=("resource_not_found",),
    build=build,
)
