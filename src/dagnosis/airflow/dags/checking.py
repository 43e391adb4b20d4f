"""Check data on a schedule, where the DAGs that write it cannot be changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow.sdk import DAG

from dagnosis.airflow.dags.making import made

DOC = (
    "Judges the newest batch of each table beside its past; an alarm fails the task of that table."
)


def check(
    datasets: Mapping[str, str | Mapping[str, Any]],
    *,
    dag_id: str = "dagnosis_check",
    schedule: Any = "@daily",
    **given: Any,
) -> DAG:
    """A DAG with a `DataCheckOperator` for each table: its name -> what holds the batch, or all
    arguments of the operator (`{"dataset": "conn://shop", "table": "orders", "mode": "warn"}`)."""
    # here: files that check nothing do not load what checks
    from dagnosis.airflow.operators import DataCheckOperator

    with made(dag_id, DOC, given, schedule=schedule) as dag:
        for name, told in datasets.items():
            arguments = {"dataset": told} if isinstance(told, str) else dict(told)
            task_id = re.sub(r"[^A-Za-z0-9_.-]", "_", name)
            DataCheckOperator(**{"task_id": task_id, "name": name, **arguments})
    return dag
