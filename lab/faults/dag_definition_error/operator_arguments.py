"""An operator gets an argument that it does not know."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:
    from airflow.operators.bash import BashOperator

with DAG("stock_nightly", schedule=None, start_date=datetime(2026, 1, 1)):
    BashOperator(task_id="load_stock", bash_cmd="echo stock", retry=3)
"""

FAULT = Fault(
    name="operator_arguments",
    family="dag_definition_error",
    dag_id="stock_nightly",
    cause="unknown operator arguments",
    states="bash_command",
    accepted=("code_error",),
    source=SOURCE,
    twin=True,
)
