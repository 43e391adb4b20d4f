"""A DAG cannot be serialized."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

from airflow import DAG

try:
    from airflow.providers.standard.operators.python import PythonOperator
except ImportError:
    from airflow.operators.python import PythonOperator


class Client:
    def __deepcopy__(self, memo):
        raise TypeError("cannot pickle 'Client' object: it holds a socket")


with DAG("clients_nightly", schedule=None, start_date=datetime(2026, 1, 1), params={"client": Client()}):
    PythonOperator(task_id="ping", python_callable=print, op_args=["ping"])
"""

FAULT = Fault(
    name="param_not_json",
    family="dag_definition_error",
    dag_id="clients_nightly",
    cause="a param cannot be serialized",
    states="must be json-serializable",
    accepted=("serialization_xcom", "code_error"),
    source=SOURCE,
)
