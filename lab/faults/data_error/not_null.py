"""A customer row without an e-mail address."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 23502 through Airflow's own SQL operator."""
    from lab.authoring import SQLExecuteQueryOperator

    SQLExecuteQueryOperator(
        task_id="merge_customers",
        conn_id="dwh",
        sql="INSERT INTO customers (id, country) VALUES (77, 'AT')",
    )


FAULT = Fault(
    name="not_null",
    family="data_error",
    dag_id="customers_merge",
    cause="not-null violation (23502)",
    states="violates not-null constraint",
    build=build,
    needs=("postgres",),
)
