"""A module is missing where DAG files are parsed."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

import great_expectations_pro as gx
from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def quality_nightly():
    @task
    def check():
        gx.run()

    check()


quality_nightly()
"""

FAULT = Fault(
    name="module_at_parse",
    family="missing_dependency",
    dag_id="quality_nightly",
    cause="a module is missing at parse time",
    states="No module named 'great_expectations_pro'",
    accepted=("dag_definition_error",),
    source=SOURCE,
    twin=True,
)
