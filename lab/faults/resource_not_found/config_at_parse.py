"""A DAG file reads a configuration file that is not there."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
import json
from datetime import datetime
from pathlib import Path

from airflow.decorators import dag, task

TABLES = json.loads(Path("/opt/airflow/config/tables.json").read_text())


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def mirror_nightly():
    @task
    def mirror():
        print(TABLES)

    mirror()


mirror_nightly()
"""

FAULT = Fault(
    name="config_at_parse",
    family="resource_not_found",
    dag_id="mirror_nightly",
    cause="a file is missing at parse time",
    states="/opt/airflow/config/tables.json",
    accepted=("dag_definition_error", "configuration_error"),
    source=SOURCE,
)
