"""What the DAGs of dagnosis have in common."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from airflow.sdk import DAG

START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def made(dag_id: str, doc: str, given: dict[str, Any], **own: Any) -> DAG:
    """A DAG: one run at a time, the past not made up for; what is `given` goes before what is usual."""
    usual: dict[str, Any] = {
        "start_date": START,
        "catchup": False,
        "max_active_runs": 1,
        "tags": ["dagnosis"],
        "doc_md": doc,
        "default_args": {"retries": 1, "retry_delay": timedelta(minutes=1)},
    }
    return DAG(dag_id, **(usual | own | given))
