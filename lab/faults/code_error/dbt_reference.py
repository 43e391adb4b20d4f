"""A dbt model refers to a node that is not there."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Compilation Error: depends on a node which was not found."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="dbt_build",
        bash_command="bash $JOBS_DIR/run_dbt.sh build ",
        env={"EXTRA_MODEL": "select * from {% raw %}{{ ref('stg_invoices') }}{% endraw %}"},
        append_env=True,
    )


FAULT = Fault(
    name="dbt_reference",
    family="code_error",
    dag_id="shop_build",
    cause="ref() of a model that does not exist",
    states="depends on a node named 'stg_invoices' which was not found",
    accepted=("resource_not_found", "configuration_error", "dag_definition_error"),
    build=build,
    needs=("dbt",),
)
