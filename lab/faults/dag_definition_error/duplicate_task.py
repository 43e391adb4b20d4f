"""Two operators have the same task id."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:
    from airflow.operators.bash import BashOperator

with DAG("carriers_nightly", schedule=None, start_date=datetime(2026, 1, 1)):
    first = BashOperator(task_id="load_carriers", bash_command="echo eu")
    second = BashOperator(task_id="load_carriers", bash_command="echo us")
    first >> second
"""

FAULT = Fault(
    name="duplicate_task",
    family="dag_definition_error",
    dag_id="carriers_nightly",
    cause="duplicate task id",
    states="Task id 'load_carriers' has already been added to the D",
    source=SOURCE,
    twin=True,
)
