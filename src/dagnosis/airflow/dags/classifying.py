"""Classify continuously, where `dagnosis watch` cannot run as a process: one look on a schedule."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from dagnosis.airflow.dags.making import made

log = logging.getLogger("dagnosis.airflow")

DOC = """Finds what failed since the last look, diagnoses it, records it, and tells people.

It goes on where the last look stood, so a missed run loses nothing."""


def classify(
    *,
    dag_id: str = "dagnosis_classify",
    schedule: Any = timedelta(minutes=2),
    airflow: str = "",
    store: str = "",
    **given: Any,
) -> DAG:
    """A DAG of one task that looks once, as `dagnosis watch --once` does."""
    every = schedule.total_seconds() if isinstance(schedule, timedelta) else 0.0
    with made(
        dag_id, DOC, given, schedule=schedule, default_args={"retries": 0},
        dagrun_timeout=timedelta(hours=1),
    ) as dag:  # fmt: skip

        @task
        def look() -> dict[str, int]:
            from dagnosis.airflow.following import settings_of
            from dagnosis.services.watch.once import once
            from dagnosis.services.watch.wiring import wired

            chosen = settings_of(airflow, store)
            with wired(chosen) as parts:
                found = once(parts, chosen, every)
            for one, recorded in found.done.new:
                log.info("#%s %s: %s", recorded.incident_id, one.task.dag_id, one.title)
            for problem in found.problems:
                log.warning("not delivered: %s", problem)
            return {"changed": found.done.changed, "new": len(found.done.new)}

        look()
    return dag
