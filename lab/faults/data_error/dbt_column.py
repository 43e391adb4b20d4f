"""A dbt model selects a column that is not there."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Binder Error."""
    from lab.authoring import BashOperator

    BashOperator(task_id="dbt_run", bash_command="bash $JOBS_DIR/run_dbt.sh run --select +margin ")


FAULT = Fault(
    name="dbt_column",
    family="data_error",
    dag_id="shop_margin",
    cause="a column is missing for a dbt model",
    states="purchase_price",
    accepted=("code_error", "resource_not_found"),
    build=build,
    needs=("dbt",),
)
