"""Classify the logs of the past: listed once, then as many tasks as it takes, on as many workers as there
are. Celery or Kubernetes spread the mapped tasks; nothing here knows of either."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG, Param, get_current_context, task

from dagnosis.airflow.dags.making import made

log = logging.getLogger("dagnosis.airflow")

DOC = """Diagnoses logs that were written before dagnosis was there, and records what failed.

Start it by hand: `days` back, at most `most` logs, `size` to a task. Safe to start again. Nobody is told
of what failed long ago; what has been well again since is resolved."""


def backlog(
    *,
    dag_id: str = "dagnosis_backlog",
    schedule: Any = None,
    airflow: str = "",
    store: str = "",
    days: int = 30,
    size: int = 500,
    most: int = 100_000,
    **given: Any,
) -> DAG:
    """A DAG that lists logs, maps over parts of them, and sums up.

    Logs are listed by the setting `airflow_logs`; where it is not set, by the folder or bucket of
    Airflow's own configuration, or through the Airflow at a URL. Workers must all reach the store.
    """
    params = {
        "days": Param(days, type="integer", minimum=1, description="How far back (days)"),
        "size": Param(size, type="integer", minimum=1, description="Logs to a task, about"),
        "most": Param(most, type="integer", minimum=1, description="Logs in all, the newest"),
    }
    with made(dag_id, DOC, given, schedule=schedule, params=params) as dag:

        @task
        def parts() -> list[Any]:
            import msgspec

            from dagnosis.services.backlog import SETTLED, listed, parted
            from dagnosis.sources.opening import open_history, open_logs

            asked = get_current_context()["params"]
            chosen = _settings(airflow, store)
            now = datetime.now(timezone.utc)
            logs = open_logs(chosen)
            try:
                found = listed(
                    logs, lambda: open_history(chosen), now - timedelta(days=asked["days"])
                )
                made_ = parted(found, now - SETTLED, size=asked["size"], most=asked["most"])
            finally:
                logs.close()
            log.info("%d logs in %d parts", sum(map(len, made_)), len(made_))
            told: list[Any] = msgspec.to_builtins(made_)
            return told

        @task
        def classify(part: list[Any]) -> dict[str, Any]:
            import msgspec

            from dagnosis.incidents.incidents import open_incidents
            from dagnosis.services.backlog import OldLog
            from dagnosis.services.backlog import classify as classified
            from dagnosis.sources.opening import open_logs

            chosen = _settings(airflow, store)
            logs = open_logs(chosen)
            try:
                with open_incidents(chosen.store_place) as incidents:
                    old = msgspec.convert(part, list[OldLog])
                    done = classified(old, logs, incidents)
            finally:
                logs.close()
            log.info("%d logs, %d failures, %d of them new", done.logs, done.failed, done.new)
            told: dict[str, Any] = msgspec.to_builtins(done)
            return told

        @task(trigger_rule="all_done")
        def total(parts_done: Iterable[dict[str, Any]]) -> dict[str, int]:
            import msgspec

            from dagnosis.incidents.incidents import open_incidents
            from dagnosis.services.backlog import Classified, settle

            done = [msgspec.convert(one, Classified) for one in parts_done]
            with open_incidents(_settings(airflow, store).store_place) as incidents:
                resolved = settle([well for one in done for well in one.well], incidents)
            names = ("logs", "failed", "new", "unreadable")
            summed = {name: sum(getattr(one, name) for one in done) for name in names}
            summed["resolved"] = resolved
            log.info("%s", ", ".join(f"{name}: {count:,}" for name, count in summed.items()))
            return summed

        total(classify.expand(part=parts()))
    return dag


def _settings(airflow: str, store: str) -> Any:
    """Logs from where they are, unless Airflow is followed at a URL: then through it."""
    from dagnosis.airflow.following import settings_of

    chosen = settings_of(airflow, store)
    if chosen.airflow_logs or chosen.airflow_url:
        return chosen
    return settings_of(airflow, store, logs=True)
