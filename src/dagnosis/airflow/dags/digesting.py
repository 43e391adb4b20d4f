"""The digest of the day by mail, with risks that are reckoned just before."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from dagnosis.airflow.dags.making import made

log = logging.getLogger("dagnosis.airflow")

DOC = """Judges the forecast on the runs since it was trained, reckons the risks anew, and mails what is new,
what is still broken, what is well again and what is at risk. The server and the people are the settings
`notify_mail_*`."""


def digest(
    *,
    dag_id: str = "dagnosis_digest",
    schedule: Any = "0 6 * * *",
    airflow: str = "",
    store: str = "",
    hours: float = 24.0,
    **given: Any,
) -> DAG:
    """A DAG of two tasks: `evaluate`, skipped where there is too little history, then `send`.

    The time zone of the schedule is that of `start_date` (UTC), as with any DAG.
    """
    with made(dag_id, DOC, given, schedule=schedule) as dag:

        @task
        def evaluate() -> dict[str, float]:
            from airflow.sdk.exceptions import AirflowSkipException

            from dagnosis.airflow.following import settings_of
            from dagnosis.errors import UnreadableInput
            from dagnosis.incidents.incidents import open_incidents
            from dagnosis.services.drift import metrics
            from dagnosis.services.upkeep import judge_forecast

            chosen = settings_of(airflow, store)
            try:
                with open_incidents(chosen.store_place) as incidents:
                    found = judge_forecast(chosen, incidents)
            except UnreadableInput as error:
                raise AirflowSkipException(str(error)) from None
            if found.drifted:
                log.warning("the probabilities of the forecast have drifted: retrain it")
            return metrics(found)

        @task(trigger_rule="all_done")
        def send() -> str:
            from dagnosis.airflow.following import settings_of
            from dagnosis.services import digest as service

            chosen = settings_of("", store)
            told = service.made(chosen, timedelta(hours=hours))
            for line in service.text(told).splitlines():
                log.info("%s", line)
            sent = service.send(told, chosen)
            log.info("sent to %d", len(sent))
            return told.subject

        evaluate() >> send()
    return dag
