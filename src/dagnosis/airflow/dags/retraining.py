"""Retrain on a schedule: only what wins on later time is put in use."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import DAG, task

from dagnosis.airflow.dags.making import made

log = logging.getLogger("dagnosis.airflow")

DOC = """Trains the forecast on the history of runs, and what learns from feedback on the feedback.

A new model is put in use only where it beats the one in use on runs and failures that neither has seen;
`dagnosis models rollback NAME` takes it back."""


def retrain(
    *,
    dag_id: str = "dagnosis_retrain",
    schedule: Any = "@weekly",
    airflow: str = "",
    store: str = "",
    dry_run: bool = False,
    **given: Any,
) -> DAG:
    """A DAG of two tasks, `forecast` and `causes`; one with too little to learn from is skipped.

    Models and the history of runs are files: on several workers the settings `models_dir` and `runs` are on
    a disk that these share, or the tasks have a `queue` of one worker (`default_args`).
    """
    with made(dag_id, DOC, given, schedule=schedule) as dag:

        @task
        def forecast() -> dict[str, Any]:
            from airflow.sdk.exceptions import AirflowSkipException

            from dagnosis.airflow.following import settings_of
            from dagnosis.errors import UnreadableInput
            from dagnosis.incidents.incidents import open_incidents
            from dagnosis.services.forecast_training import lines
            from dagnosis.services.upkeep import learn_forecast

            chosen = settings_of(airflow, store)
            try:
                with open_incidents(chosen.store_place) as incidents:
                    report = learn_forecast(chosen, incidents, dry_run=dry_run)
            except UnreadableInput as error:
                raise AirflowSkipException(str(error)) from None
            for line in lines(report):
                log.info("%s", line)
            return {"promoted": report.promoted, "version": report.version, "why": report.why}

        @task
        def causes() -> dict[str, bool]:
            from airflow.sdk.exceptions import AirflowSkipException

            from dagnosis.airflow.following import settings_of
            from dagnosis.services.retrain import rows
            from dagnosis.services.upkeep import learn_causes

            outcomes, missing = learn_causes(settings_of("", store), dry_run=dry_run)
            for outcome in outcomes:
                for line in rows(outcome):
                    log.info("%s", line)
            for why in missing:
                log.warning("%s", why)
            if all(outcome.missing for outcome in outcomes):
                raise AirflowSkipException("there is too little feedback to learn from")
            return {outcome.name: outcome.promoted for outcome in outcomes}

        forecast()
        causes()
    return dag
