"""A Spark job casts text to int under ANSI."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """CAST_INVALID_INPUT."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="cast_amounts", bash_command="$SPARK_PYTHON $JOBS_DIR/spark_job.py bad_cast "
    )


FAULT = Fault(
    name="spark_cast",
    family="data_error",
    dag_id="amounts_cast",
    cause="'zwölf' cast to INT under ANSI mode",
    states="[CAST_INVALID_INPUT]",
    build=build,
    needs=("spark",),
)
