"""A run in which one task succeeds, one fails in both tries, one is upstream_failed and one of three mapped ones fails."""

from __future__ import annotations

from datetime import datetime, timedelta

try:
    from airflow.sdk import Asset, dag, task
except ImportError:  # Airflow 2
    from airflow.datasets import Dataset as Asset
    from airflow.decorators import dag, task

ORDERS = Asset("file:///warehouse/orders")


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False)
def orders():
    @task(outlets=[ORDERS])
    def extract(**context):
        context["outlet_events"][ORDERS].extra = {"rows": 42}

    @task(retries=1, retry_delay=timedelta(seconds=1))
    def load():
        print("loading orders")
        raise ValueError("column amount is missing in batch 7")

    @task
    def report():
        return 1

    @task
    def part(number):
        return 6 // number

    extract() >> load() >> report()
    part.expand(number=[1, 0, 2])


orders()
