"""The names with which DAGs are written, for Airflow 3 and Airflow 2 alike.

Faults import from here inside `build()` only. A name is looked up when it is asked for, so that
a DAG file loads no more of Airflow than it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES: dict[str, tuple[str, str]] = {
    "DAG": ("airflow.sdk", "airflow.models"),
    "BaseHook": ("airflow.sdk", "airflow.hooks.base"),
    "BaseOperator": ("airflow.sdk", "airflow.models"),
    "Param": ("airflow.sdk", "airflow.models"),
    "Variable": ("airflow.sdk", "airflow.models"),
    "get_current_context": ("airflow.sdk", "airflow.operators.python"),
    "task": ("airflow.sdk", "airflow.decorators"),
    "AirflowException": ("airflow.sdk.exceptions", "airflow.exceptions"),
    "AirflowFailException": ("airflow.sdk.exceptions", "airflow.exceptions"),
    "AirflowSkipException": ("airflow.sdk.exceptions", "airflow.exceptions"),
    "BashOperator": ("airflow.providers.standard.operators.bash", "airflow.operators.bash"),
    "PythonOperator": ("airflow.providers.standard.operators.python", "airflow.operators.python"),
    "BranchPythonOperator": (
        "airflow.providers.standard.operators.python",
        "airflow.operators.python",
    ),
    "ExternalPythonOperator": (
        "airflow.providers.standard.operators.python",
        "airflow.operators.python",
    ),
    "ShortCircuitOperator": (
        "airflow.providers.standard.operators.python",
        "airflow.operators.python",
    ),
    "TriggerDagRunOperator": (
        "airflow.providers.standard.operators.trigger_dagrun",
        "airflow.operators.trigger_dagrun",
    ),
    "ExternalTaskSensor": (
        "airflow.providers.standard.sensors.external_task",
        "airflow.sensors.external_task",
    ),
    "FileSensor": (
        "airflow.providers.standard.sensors.filesystem",
        "airflow.sensors.filesystem",
    ),
    "PythonSensor": ("airflow.providers.standard.sensors.python", "airflow.sensors.python"),
    "SQLExecuteQueryOperator": (
        "airflow.providers.common.sql.operators.sql",
        "airflow.providers.common.sql.operators.sql",
    ),
    "SQLCheckOperator": (
        "airflow.providers.common.sql.operators.sql",
        "airflow.providers.common.sql.operators.sql",
    ),
    "HttpOperator": (
        "airflow.providers.http.operators.http",
        "airflow.providers.http.operators.http",
    ),
}
"""Name -> its module in Airflow 3, its module in Airflow 2."""


def __getattr__(name: str) -> Any:
    """Import `name` from the installed Airflow; `AttributeError` for a name not listed above."""
    if name not in _HOMES:
        raise AttributeError(name)
    import airflow

    newer = int(airflow.__version__.split(".")[0]) >= 3
    module = import_module(_HOMES[name][0 if newer else 1])
    return getattr(module, name)
