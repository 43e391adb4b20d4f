"""A Python UDF fails on a Spark worker."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """IndexError inside a PythonException inside SparkException; task 0.0 lost, job aborted."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="parse_codes", bash_command="$SPARK_PYTHON $JOBS_DIR/spark_job.py failing_udf "
    )


FAULT = Fault(
    name="spark_udf",
    family="code_error",
    dag_id="codes_parse",
    cause="IndexError in a user's UDF",
    states="IndexError: list index out of range",
    accepted=("data_error",),
    note="`Lost task`, `Job aborted due to stage failure` and Java frames stand around it",
    build=build,
    needs=("spark",),
)
