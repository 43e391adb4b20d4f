"""LatestOnlyOperator in a run without a logical date."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The logical date of a run may be null since Airflow 3."""
    from airflow.providers.standard.operators.latest_only import LatestOnlyOperator

    LatestOnlyOperator(task_id="only_latest")


FAULT = Fault(
    name="latest_only",
    family="airflow_bug",
    dag_id="latest_prices",
    cause="the operator",
    states="rror",
    build=build,
)
