"""Tasks depend on each other in a circle."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:
    from airflow.operators.bash import BashOperator

with DAG("returns_nightly", schedule=None, start_date=datetime(2026, 1, 1)):
    extract = BashOperator(task_id="extract", bash_command="echo e")
    load = BashOperator(task_id="load", bash_command="echo l")
    report = BashOperator(task_id="report", bash_command="echo r")
    extract >> load >> report >> extract
"""

FAULT = Fault(
    name="cycle",
    family="dag_definition_error",
    dag_id="returns_nightly",
    cause="a cycle in the DAG",
    states="Cycle detected in D",
    source=SOURCE,
    twin=True,
)
