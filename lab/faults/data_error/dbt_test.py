"""Two dbt tests fail."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Failure in test …; Got 1 result, configured to fail if != 0."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="dbt_test", bash_command="bash $JOBS_DIR/run_dbt.sh test --select payments "
    )


FAULT = Fault(
    name="dbt_test",
    family="data_error",
    dag_id="shop_tests",
    cause="duplicates and nulls found by dbt tests",
    states="Got 1 result, configured to fail if != 0",
    build=build,
    needs=("dbt",),
    twin=True,
)
