"""A maintenance task cannot reach the metadata database."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`airflow db check` fails with OperationalError in bash."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="check_metadata",
        bash_command="AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow:x@127.0.0.1:$CLOSED_PORT/airflow "
        "airflow db check --retry 2 --retry-delay 1",
    )


FAULT = Fault(
    name="db_check_refused",
    family="scheduler_or_metadata_db",
    dag_id="metadata_check",
    cause="the metadata database refuses connections",
    states="Connection refused",
    accepted=("network", "configuration_error"),
    transience="transient",
    build=build,
)
