"""A provider is not installed."""

from __future__ import annotations

from lab.fault import Fault

SOURCE = """\
from datetime import datetime

from airflow import DAG
from airflow.providers.snowflake.operators.snowflake import SnowflakeSqlApiOperator

with DAG("ledger_nightly", schedule=None, start_date=datetime(2026, 1, 1)):
    SnowflakeSqlApiOperator(task_id="load", sql="select 1", statement_count=1)
"""

FAULT = Fault(
    name="provider_at_parse",
    family="missing_dependency",
    dag_id="ledger_nightly",
    cause="apache-airflow-providers-snowflake is not installed",
    states="No module named 'airflow.providers.snowflake'",
    accepted=("dag_definition_error",),
    source=SOURCE,
    twin=True,
)
