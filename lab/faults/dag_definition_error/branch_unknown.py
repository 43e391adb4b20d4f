"""A branch goes to a task that does not exist."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Branch callable must return valid task ids."""
    from lab.authoring import BranchPythonOperator, task

    @task
    def full_load() -> None:
        print("full")

    branch = BranchPythonOperator(task_id="choose_load", python_callable=lambda: "delta_load")
    branch >> full_load()


FAULT = Fault(
    name="branch_unknown",
    family="dag_definition_error",
    dag_id="load_choice",
    cause="the branch names a task that is not there",
    states="Invalid tasks found",
    accepted=("code_error",),
    build=build,
    twin=True,
)
