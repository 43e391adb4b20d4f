"""BranchDayOfWeekOperator in a run without a logical date."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """use_task_logical_date=True, and there is none."""
    from airflow.providers.standard.operators.weekday import BranchDayOfWeekOperator

    from lab.authoring import task

    @task
    def weekly() -> None:
        print("weekly")

    @task
    def daily() -> None:
        print("daily")

    branch = BranchDayOfWeekOperator(
        task_id="choose_by_day",
        follow_task_ids_if_true="weekly",
        follow_task_ids_if_false="daily",
        week_day="Monday",
        use_task_logical_date=True,
    )
    branch >> [weekly(), daily()]


FAULT = Fault(
    name="weekday_branch",
    family="airflow_bug",
    dag_id="weekly_choice",
    cause="the operator",
    states="rror",
    build=build,
)
