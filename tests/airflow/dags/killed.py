"""A task whose process is killed: nothing in it can say so."""

from __future__ import annotations

import os
import signal
from datetime import datetime

try:
    from airflow.sdk import dag, task
except ImportError:  # Airflow 2
    from airflow.decorators import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def killed():
    @task
    def victim():
        print("about to be killed", flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    victim()


killed()
