"""A DAG file with an unclosed parenthesis."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def stores_nightly():
    @task
    def load_stores(region: str
        print(region)

    load_stores("eu")


stores_nightly()
"""

FAULT = Fault(
    name="syntax_error",
    family="dag_definition_error",
    dag_id="stores_nightly",
    cause="SyntaxError in the DAG file",
    states="SyntaxError",
    accepted=("code_error",),
    source=SOURCE,
    twin=True,
)
