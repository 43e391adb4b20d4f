"""An exception group within a group, many levels deep, ends the task."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Seen with Airflow 3.3.2: the runner's last handler recurses over the groups, fails itself, and ends
    the process with 126."""
    from lab.authoring import task

    def walk(depth: int) -> None:
        """Each level collects the errors of its children, as a task group does."""
        errors = []
        try:
            if depth == 0:
                raise ValueError("leaf 4711 has no price")
            walk(depth - 1)
        except Exception as error:
            errors.append(error)
        if errors:
            raise ExceptionGroup(f"level {depth}", errors)

    @task
    def walk_tree() -> None:
        print("walking 420 levels", flush=True)
        walk(420)

    walk_tree()


FAULT = Fault(
    name="nested_groups",
    family="airflow_bug",
    dag_id="trees_walk",
    cause="Airflow's own handler recurses over nested exception groups and fails",
    states="Process exited abnormally",
    accepted=("data_error", "code_error", "worker_lost"),
    note="exit code 126; the exception is lost",
    build=build,
)
