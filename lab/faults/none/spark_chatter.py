"""A Spark job that succeeds with all its INFO and WARN lines."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """INFO chatter, `errors: 0`, `status 403`."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="sum_events", bash_command="$SPARK_PYTHON $JOBS_DIR/spark_job.py noisy_success "
    )


FAULT = Fault(
    name="spark_chatter",
    family="none",
    dag_id="events_sum",
    cause="none: a chatty success",
    states=None,
    build=build,
    needs=("spark",),
)
