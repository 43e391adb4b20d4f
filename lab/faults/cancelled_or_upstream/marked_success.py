"""A user marks the running task as success."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """The task is ended because the server says success."""
    import time

    from lab.authoring import task

    @task
    def recount_shelves() -> None:
        for shelf in range(60):
            print(f"shelf {shelf} counted", flush=True)
            time.sleep(1)

    recount_shelves()


def during(run: RunHandle) -> None:
    """Mark it as done by hand."""
    run.wait_for_log("shelf 2 counted")
    run.set_task_state("recount_shelves", "success")


FAULT = Fault(
    name="marked_success",
    family="cancelled_or_upstream",
    dag_id="shelves_recount",
    cause="marked as success by a user while it ran",
    states="Server indicated the task shouldn't be running anymore",
    transience="unknown",
    labelled=("success",),
    build=build,
    during=during,
)
