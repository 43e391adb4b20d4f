"""The database password was rotated."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 28P01 when connecting."""
    from lab.authoring import SQLExecuteQueryOperator

    SQLExecuteQueryOperator(
        task_id="load_dimension", conn_id="dwh_old_password", sql="SELECT count(*) FROM customers"
    )


FAULT = Fault(
    name="database_password",
    family="authentication",
    dag_id="dimension_load",
    cause="wrong password (28P01)",
    states='password authentication failed for user "etl"',
    build=build,
    needs=("postgres",),
)
