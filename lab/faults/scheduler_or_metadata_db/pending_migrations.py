"""The metadata database is older than Airflow."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`airflow db check-migrations` gives up."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="check_release",
        bash_command='d=$(mktemp -d); export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="sqlite:///$d/meta.db"; airflow db check-migrations --migration-wait-timeout 2; code=$?; rm -rf $d; echo "release 14 not announced"; exit $code',
    )


FAULT = Fault(
    name="pending_migrations",
    family="scheduler_or_metadata_db",
    dag_id="release_check",
    cause="migrations of the metadata database are pending",
    states="unapplied migrations",
    accepted=("configuration_error", "timeout"),
    twin=True,
    build=build,
)
