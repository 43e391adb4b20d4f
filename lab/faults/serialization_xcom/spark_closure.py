"""A Spark closure holds a lock."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PicklingError / TypeError: cannot pickle '_thread.lock' object."""
    from lab.authoring import BashOperator

    BashOperator(task_id="map_events", bash_command="$SPARK_PYTHON $JOBS_DIR/spark_job.py pickles ")


FAULT = Fault(
    name="spark_closure",
    family="serialization_xcom",
    dag_id="events_map",
    cause="a lock cannot be pickled into a Spark closure",
    states="cannot pickle '_thread.lock' object",
    accepted=("code_error",),
    build=build,
    needs=("spark",),
)
