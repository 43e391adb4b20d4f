"""A schedule that is no cron expression."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

from airflow.decorators import dag, task


@dag(schedule="0 25 * * *", start_date=datetime(2026, 1, 1), catchup=False)
def fees_nightly():
    @task
    def load_fees():
        print("fees")

    load_fees()


fees_nightly()
"""

FAULT = Fault(
    name="invalid_cron",
    family="dag_definition_error",
    dag_id="fees_nightly",
    cause="hour 25 in a cron expression",
    states="0 25 * * *",
    accepted=("configuration_error",),
    source=SOURCE,
)
