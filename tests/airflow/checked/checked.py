"""A load that is checked on its way: healthy into the next DAG, spoiled into quarantine; a table in a
database by the name of its connection; what others check, told by OpenLineage."""

from __future__ import annotations

import os
from datetime import datetime

from airflow.providers.common.sql.operators.sql import SQLColumnCheckOperator, SQLTableCheckOperator
from airflow.sdk import Asset, dag, task

from dagnosis.airflow.decorators import check_data
from dagnosis.airflow.operators import DataCheckOperator

LANDED = os.environ["LANDED"]
ORDERS = Asset("file:///landed/orders")


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def checked():
    check = DataCheckOperator(
        task_id="check",
        dataset=LANDED + "/{{ dag_run.conf['day'] }}.parquet",
        name="orders",
        partition="{{ dag_run.conf['day'] }}",
        quarantine="aside",
        outlets=[ORDERS],
    )

    @task
    def load(told: dict):
        print(f"loading {told['rows']} rows")

    @task
    def aside(told: dict):
        print(f"put aside: {told['summary']}")

    check >> [load(check.output), aside(check.output)]


@dag(schedule=[ORDERS], start_date=datetime(2026, 1, 1), catchup=False)
def summed():
    @task(inlets=[ORDERS])
    @check_data("sums", mode="warn", partition=lambda path: path.rpartition("/")[2])
    def total():
        return LANDED + "/sums.parquet"

    total()


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def warehouse():
    DataCheckOperator(
        task_id="table",
        dataset="conn://shop",
        table="orders",
        name="orders_table",
        partition="2026-01-05",
        store="conn://shop",
        mode="record",
    )
    SQLColumnCheckOperator(
        task_id="columns",
        conn_id="shop",
        table="orders",
        column_mapping={"id": {"unique_check": {"equal_to": 0}, "min": {"geq_to": 0}}},
    )
    SQLTableCheckOperator(
        task_id="whole",
        conn_id="shop",
        table="orders",
        checks={
            "enough_rows": {"check_statement": "count(*) > 10"},
            "cheap": {"check_statement": "max(price) < 5"},
        },
    )


checked()
summed()
warehouse()
