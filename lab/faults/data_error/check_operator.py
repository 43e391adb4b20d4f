"""A data check fails."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """SQLCheckOperator finds 0 rows."""
    from lab.authoring import SQLCheckOperator

    SQLCheckOperator(
        task_id="orders_present",
        conn_id="dwh",
        sql="SELECT count(*) FROM orders WHERE placed_on = '2031-01-01'",
    )


FAULT = Fault(
    name="check_operator",
    family="data_error",
    dag_id="orders_check",
    cause="a check found no rows",
    states="Test failed",
    build=build,
    needs=("postgres",),
)
