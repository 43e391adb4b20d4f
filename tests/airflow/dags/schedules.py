"""The DAGs of dagnosis, started by the test; a task that fails, and tells of it."""

from __future__ import annotations

from datetime import datetime

from airflow.sdk import dag, task

from dagnosis.airflow.dags import backlog, classify, digest, retrain
from dagnosis.airflow.notifier import DagnosisNotifier

classify(schedule=None, airflow="this_airflow", default_args={"retries": 0})
backlog(size=1, default_args={"retries": 0})
retrain(schedule=None, airflow="this_airflow", default_args={"retries": 0})
digest(schedule=None, airflow="this_airflow", default_args={"retries": 0})


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def telling():
    @task(on_failure_callback=DagnosisNotifier())
    def load():
        raise ModuleNotFoundError("No module named 'pandas_of_ours'")

    load()


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def silent():
    @task
    def reach():
        raise ConnectionRefusedError(111, "Connection refused")

    reach()


telling()
silent()
