"""dbt is asked for a target that the profile lacks."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The profile does not have a target named staging."""
    from lab.authoring import BashOperator

    BashOperator(task_id="dbt_run", bash_command="bash $JOBS_DIR/run_dbt.sh run --target staging ")


FAULT = Fault(
    name="dbt_target",
    family="configuration_error",
    dag_id="shop_staging",
    cause="the profile has no such target",
    states="does not have a target named 'staging'",
    build=build,
    needs=("dbt",),
    twin=True,
)
