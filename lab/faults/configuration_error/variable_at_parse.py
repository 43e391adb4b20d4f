"""A DAG file reads a Variable that nobody set."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

from airflow.decorators import dag, task
from airflow.models import Variable

REGIONS = Variable.get("rollout_regions", deserialize_json=True)


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def rollout_nightly():
    @task
    def roll_out():
        print(REGIONS)

    roll_out()


rollout_nightly()
"""

FAULT = Fault(
    name="variable_at_parse",
    family="configuration_error",
    dag_id="rollout_nightly",
    cause="a Variable is missing at parse time",
    states="rollout_regions",
    accepted=("dag_definition_error",),
    source=SOURCE,
    twin=True,
)
