"""A user sets the task to failed while it runs."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """State changed through the REST API."""
    import time

    from lab.authoring import task

    @task
    def long_export() -> None:
        for part in range(60):
            print(f"part {part} exported, 0 errors", flush=True)
            time.sleep(1)

    long_export()


def during(run: RunHandle) -> None:
    """Set it to failed once it exports."""
    run.wait_for_log("part 1 exported")
    run.set_task_state("long_export", "failed")


FAULT = Fault(
    name="failed_by_user",
    family="cancelled_or_upstream",
    dag_id="long_export",
    cause="set to failed by a user",
    states="Server indicated the task shouldn't be running anymore",
    states_in_2="externally set to failed",
    transience="unknown",
    twin=True,
    build=build,
    during=during,
)
