"""A Spark job groups by a column that is not there."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """UNRESOLVED_COLUMN.WITH_SUGGESTION."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="group_orders",
        bash_command="$SPARK_PYTHON $JOBS_DIR/spark_job.py missing_column ",
    )


FAULT = Fault(
    name="spark_column",
    family="data_error",
    dag_id="orders_grouped",
    cause="a column is missing in a Spark frame",
    states="[UNRESOLVED_COLUMN.WITH_SUGGESTION]",
    accepted=("code_error", "resource_not_found"),
    build=build,
    needs=("spark",),
)
