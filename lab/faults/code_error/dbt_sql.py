"""A dbt model has a SQL syntax error."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Parser Error in one of the models."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="dbt_run",
        bash_command="bash $JOBS_DIR/run_dbt.sh run --select +revenue +forecast ",
    )


FAULT = Fault(
    name="dbt_sql",
    family="code_error",
    dag_id="shop_models",
    cause="SQL syntax error in a dbt model",
    states="Parser Error: syntax error at or near",
    build=build,
    needs=("dbt",),
    twin=True,
)
