"""dbt runs, with deprecation warnings."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PASS=…, ERROR=0, WARN=…"""
    from lab.authoring import BashOperator

    BashOperator(task_id="dbt_run", bash_command="bash $JOBS_DIR/run_dbt.sh run --select +revenue ")


FAULT = Fault(
    name="dbt_success",
    family="none",
    dag_id="shop_revenue",
    cause="none: a dbt success",
    states=None,
    build=build,
    needs=("dbt",),
    twin=True,
)
