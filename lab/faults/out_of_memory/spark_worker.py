"""A Spark Python worker asks for too much."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """MemoryError in a worker, deep in the stage failure."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="explode_events",
        bash_command="$SPARK_PYTHON $JOBS_DIR/spark_job.py worker_memory ",
    )


FAULT = Fault(
    name="spark_worker",
    family="out_of_memory",
    dag_id="events_explode",
    cause="MemoryError in a Spark Python worker",
    states="MemoryError",
    transience="unknown",
    build=build,
    needs=("spark",),
)
