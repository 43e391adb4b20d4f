"""A task that runs until it is stopped."""

from __future__ import annotations

import time
from datetime import datetime

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def waits():
    @task
    def sleeper():
        print("sleeping", flush=True)
        time.sleep(3600)

    sleeper()


waits()
