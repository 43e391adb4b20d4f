"""A DAG imports an operator from where it was in Airflow 1."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

from airflow import DAG
from airflow.operators.dummy_operator import DummyOperator

with DAG("ports_nightly", start_date=datetime(2026, 1, 1)) as dag:
    DummyOperator(task_id="start")
"""

FAULT = Fault(
    name="removed_operator_module",
    family="dependency_version_conflict",
    dag_id="ports_nightly",
    cause="the module was removed from Airflow",
    states="No module named 'airflow.operators.dummy_operator'",
    accepted=("missing_dependency", "dag_definition_error"),
    source=SOURCE,
)
