"""dbt has no adapter for this profile."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Could not find adapter type snowflake."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="dbt_run", bash_command="bash $JOBS_DIR/run_dbt.sh run --target warehouse "
    )


FAULT = Fault(
    name="dbt_adapter",
    family="missing_dependency",
    dag_id="shop_warehouse",
    cause="dbt-snowflake is not installed",
    states="Could not find adapter type snowflake",
    accepted=("configuration_error",),
    build=build,
    needs=("dbt",),
)
