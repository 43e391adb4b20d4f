"""A DAG written for Airflow 2 uses schedule_interval."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

from airflow import DAG

with DAG(
    "taxes_nightly",
    schedule_interval="@daily",
    start_date=datetime(2026, 1, 1),
    catchup=False,
) as dag:
    pass
"""

FAULT = Fault(
    name="removed_dag_argument",
    family="dependency_version_conflict",
    dag_id="taxes_nightly",
    cause="schedule_interval was removed in Airflow 3",
    states="schedule_interval",
    accepted=("dag_definition_error",),
    source=SOURCE,
)
