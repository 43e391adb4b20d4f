"""A Spark job reads a path that is not there."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """AnalysisException PATH_NOT_FOUND in spark's INFO chatter."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="count_events",
        bash_command="$SPARK_PYTHON $JOBS_DIR/spark_job.py missing_path $LANDING_DIR ",
    )


FAULT = Fault(
    name="spark_path",
    family="resource_not_found",
    dag_id="events_count",
    cause="the path does not exist",
    states="[PATH_NOT_FOUND]",
    build=build,
    needs=("spark",),
    transience="unknown",
)
