"""The button on a task instance that leads to its diagnosis."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink

from dagnosis.airflow.mount import path


class DiagnosisLink(BaseOperatorLink):
    """Shown for every operator; made on the API server's side, so for old runs too."""

    name = "Diagnosis"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """The page of that try."""
        parts = [
            quote(str(part), safe="") for part in (ti_key.dag_id, ti_key.run_id, ti_key.task_id)
        ]
        found = "{}/dags/{}/runs/{}/tasks/{}".format(path(), *parts)
        index = f"&map_index={ti_key.map_index}" if ti_key.map_index >= 0 else ""
        return f"{found}?try_number={ti_key.try_number}{index}"
