"""A DAG file asks a service while it is parsed."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

import requests
from airflow.decorators import dag, task

FEATURES = requests.get("http://127.0.0.1:9/features", timeout=3).json()


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def features_nightly():
    @task
    def build():
        print(FEATURES)

    build()


features_nightly()
"""

FAULT = Fault(
    name="refused_at_parse",
    family="network",
    dag_id="features_nightly",
    cause="connection refused at parse time",
    states="Connection refused",
    accepted=("dag_definition_error", "configuration_error"),
    transience="transient",
    source=SOURCE,
    twin=True,
)
