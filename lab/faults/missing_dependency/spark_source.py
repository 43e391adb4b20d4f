"""A Spark data source is not on the class path."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """DATA_SOURCE_NOT_FOUND."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="read_workbooks",
        bash_command="$SPARK_PYTHON $JOBS_DIR/spark_job.py no_source $LANDING_DIR ",
    )


FAULT = Fault(
    name="spark_source",
    family="missing_dependency",
    dag_id="workbooks_read",
    cause="a Spark package is missing",
    states="[DATA_SOURCE_NOT_FOUND]",
    build=build,
    needs=("spark",),
)
