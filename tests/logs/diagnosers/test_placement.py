"""The same exception in three places has three causes."""

from __future__ import annotations

import json

import pytest

from dagnosis import explain_text

USER = "/opt/airflow/dags/etl.py"
AIRFLOW = "/venv/lib/python3.11/site-packages/airflow/sdk/execution_time/task_runner.py"
LIBRARY = "/venv/lib/python3.11/site-packages/sqlalchemy/engine/base.py"


def failed(kind: str, value: str, *files: str, event: str = "Task failed with exception") -> str:
    frames = [{"filename": file, "lineno": 7, "name": "f"} for file in files]
    detail = [{"exc_type": kind, "exc_value": value, "frames": frames}]
    return json.dumps({"event": event, "level": "error", "logger": "task", "error_detail": detail})


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        (failed("KeyError", "'a'", AIRFLOW, USER), "code_error"),
        (failed("KeyError", "'a'", AIRFLOW), "airflow_bug"),
        (
            failed("KeyError", "'a'", USER, event="Failed to import: /opt/airflow/dags/etl.py"),
            "dag_definition_error",
        ),
        (
            failed(
                "JSONDecodeError",
                "Expecting value: line 1 column 1 (char 0)",
                USER,
                "/venv/site-packages/airflow/models/variable.py",
                "/usr/lib/python3.11/json/decoder.py",
            ),
            "configuration_error",
        ),
        (failed("ValueError", "expected 3 columns, got 2", USER), "data_error"),
        (
            failed(
                "ProgrammingError",
                "column dag_run.clear_number does not exist [SQL: SELECT clear_number FROM dag_run]",
                AIRFLOW,
                LIBRARY,
            ),
            "scheduler_or_metadata_db",
        ),
    ],
)
def test_place_decides(log: str, cause: str) -> None:
    assert explain_text(log).cause == cause
