"""A DAG file uses a name that was never imported."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def prices_nightly():
    @task
    def load_prices():
        print("prices")

    load_prices()


prices_nightly()
"""

FAULT = Fault(
    name="name_error",
    family="dag_definition_error",
    dag_id="prices_nightly",
    cause="NameError when the DAG file is parsed",
    states="name 'datetime' is not defined",
    accepted=("code_error",),
    source=SOURCE,
    twin=True,
)
