"""BranchDateTimeOperator in a run without a logical date."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """use_task_logical_date=True, and there is none."""
    import datetime

    from airflow.providers.standard.operators.datetime import BranchDateTimeOperator

    from lab.authoring import task

    @task
    def early() -> None:
        print("early")

    @task
    def late() -> None:
        print("late")

    branch = BranchDateTimeOperator(
        task_id="choose_by_hour",
        follow_task_ids_if_true="early",
        follow_task_ids_if_false="late",
        target_lower=datetime.time(1),
        target_upper=datetime.time(9),
        use_task_logical_date=True,
    )
    branch >> [early(), late()]


FAULT = Fault(
    name="datetime_branch",
    family="airflow_bug",
    dag_id="hour_choice",
    cause="the operator",
    states="rror",
    build=build,
)
