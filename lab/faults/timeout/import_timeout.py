"""A DAG file sleeps while it is parsed."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
import time
from datetime import datetime

from airflow.decorators import dag, task

print("reading 400 table definitions")
time.sleep(60)


@dag(schedule=None, start_date=datetime(2026, 1, 1))
def tables_nightly():
    @task
    def load():
        print("tables")

    load()


tables_nightly()
"""

FAULT = Fault(
    name="import_timeout",
    family="timeout",
    dag_id="tables_nightly",
    cause="dagbag_import_timeout",
    states="DagBag import timeout for",
    accepted=("dag_definition_error",),
    transience="unknown",
    source=SOURCE,
    twin=True,
)
