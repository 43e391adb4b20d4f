"""Tasks that fail while dagnosis decides about their retries, or is broken itself."""

import os
import threading
import time
from datetime import datetime, timedelta

from airflow.sdk import DAG, get_current_context, task

from dagnosis.airflow.retry_policy import DiagnosedRetry

LATER = timedelta(minutes=5)


class Hostile(Exception):
    """Harms whoever prints it beside the main thread, as dagnosis does, and not Airflow itself."""

    def __str__(self) -> str:
        if threading.current_thread() is not threading.main_thread():
            if self.args[0] == "hangs":
                time.sleep(120)
            raise SystemExit(3)
        return "the frobnicator refused to spin"


with DAG("retried", schedule=None, start_date=datetime(2026, 1, 1)):

    @task(retries=2, retry_delay=LATER, retry_policy=DiagnosedRetry())
    def permanent():
        import no_such_module  # noqa: F401

    @task(retries=2, retry_delay=LATER, retry_policy=DiagnosedRetry())
    def limited():
        if get_current_context()["ti"].try_number == 1:
            raise RuntimeError("429 Too Many Requests: rate limit exceeded, try again in 4s")

    @task(retries=1, retry_delay=timedelta(seconds=1), retry_policy=DiagnosedRetry())
    def left_alone():
        raise RuntimeError("the frobnicator refused to spin")

    @task(retries=1, retry_delay=timedelta(seconds=1), retry_policy=DiagnosedRetry(mode="record"))
    def recorded():
        import no_such_module  # noqa: F401

    @task(retries=1, retry_delay=timedelta(seconds=1), retry_policy=DiagnosedRetry())
    def undecided(how):
        os.environ["AIRFLOW__DAGNOSIS__RETRY_TIMEOUT_SECONDS"] = "0.5"
        raise Hostile(how)

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def unheard(spool, how):
        os.environ["AIRFLOW__DAGNOSIS__SPOOL"] = spool
        os.environ["AIRFLOW__DAGNOSIS__LISTENER"] = str(how != "control")
        raise Hostile(how) if how else RuntimeError("the frobnicator refused to spin")

    permanent()
    limited()
    left_alone()
    recorded()
    for how in ("hangs", "exits"):
        undecided.override(task_id=f"undecided_{how}")(how)
        unheard.override(task_id=f"unheard_{how}")("", how)
    unheard.override(task_id="unheard_control")("", "control")
    unheard.override(task_id="unheard_no_place")("/proc/nowhere", "")
    unheard.override(task_id="unheard_disk_full")("/dev/full", "")
