"""The shipped DAGs, imported as Airflow imports a DAG file."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("airflow.sdk", reason="Airflow is not installed")

from dagnosis.airflow import example_dags
from dagnosis.airflow.dags import backlog, check, classify, digest, retrain


@pytest.mark.filterwarnings("ignore")
def test_the_example_file_imports_without_errors(tmp_path: Path) -> None:
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:  # Airflow 3.0 and 3.1
        from airflow.models.dagbag import DagBag
    shutil.copy(Path(example_dags.__path__[0]) / "dagnosis_schedules.py", tmp_path)
    bag = DagBag(str(tmp_path))
    assert bag.import_errors == {}
    assert sorted(bag.dag_ids) == [
        "dagnosis_backlog", "dagnosis_check", "dagnosis_classify", "dagnosis_digest",
        "dagnosis_retrain",
    ]  # fmt: skip
    assert {dag.fileloc for dag in bag.dags.values()} == {str(tmp_path / "dagnosis_schedules.py")}


def test_what_is_given_goes_before_what_is_usual() -> None:
    dag = classify(dag_id="mine", schedule=timedelta(minutes=5), tags=["ops"], max_active_runs=2)
    assert (dag.dag_id, dag.tags, dag.max_active_runs) == ("mine", {"ops"}, 2)
    assert dag.catchup is False


@pytest.mark.parametrize(
    ("dag", "tasks"),
    [
        (backlog(), ["classify", "parts", "total"]),
        (retrain(), ["causes", "forecast"]),
        (digest(), ["evaluate", "send"]),
        (check({"a table": "/data/a.parquet"}), ["a_table"]),
    ],
    ids=["backlog", "retrain", "digest", "check"],
)
def test_the_tasks_of_each(dag: Any, tasks: list[str]) -> None:
    assert sorted(dag.task_ids) == tasks


def test_the_old_logs_are_mapped_over() -> None:
    assert backlog().get_task("classify").is_mapped


def test_a_table_may_have_all_that_its_operator_takes() -> None:
    dag = check({"orders": {"dataset": "conn://shop", "table": "orders", "mode": "warn"}})
    operator = dag.get_task("orders")
    assert (operator.table, operator.mode, operator.name) == ("orders", "warn", "orders")
