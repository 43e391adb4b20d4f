"""A SQL function that does not exist with these types."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PostgreSQL 42883 through SQLExecuteQueryOperator."""
    from lab.authoring import SQLExecuteQueryOperator

    SQLExecuteQueryOperator(
        task_id="month_end", conn_id="dwh", sql="SELECT last_day(placed_on) FROM orders"
    )


FAULT = Fault(
    name="sql_function",
    family="code_error",
    dag_id="month_end",
    cause="undefined function (42883)",
    states="function last_day(date) does not exist",
    accepted=("resource_not_found",),
    build=build,
    needs=("postgres",),
)
