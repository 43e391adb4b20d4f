"""A dbt model casts a comma number."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Conversion Error in one model of four."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="dbt_run",
        bash_command="bash $JOBS_DIR/run_dbt.sh run --select +revenue +fees ",
    )


FAULT = Fault(
    name="dbt_conversion",
    family="data_error",
    dag_id="shop_fees",
    cause="'12,50 EUR' cast to decimal in a dbt model",
    states="Conversion Error",
    build=build,
    needs=("dbt",),
)
