"""The reporting user may not read a table."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 42501."""
    from lab.authoring import SQLExecuteQueryOperator

    SQLExecuteQueryOperator(
        task_id="build_report", conn_id="dwh_reporting", sql="SELECT sum(amount) FROM orders"
    )


FAULT = Fault(
    name="table_privilege",
    family="permission",
    dag_id="report_build",
    cause="no SELECT privilege (42501)",
    states="permission denied for table orders",
    build=build,
    needs=("postgres",),
)
