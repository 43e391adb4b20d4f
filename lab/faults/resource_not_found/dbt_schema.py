"""A dbt model reads a schema that is not there."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Catalog Error."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="dbt_run", bash_command="bash $JOBS_DIR/run_dbt.sh run --select returns customers "
    )


FAULT = Fault(
    name="dbt_schema",
    family="resource_not_found",
    dag_id="shop_returns",
    cause="the source schema does not exist",
    states="Catalog Error",
    build=build,
    needs=("dbt",),
)
