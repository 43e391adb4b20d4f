"""A user marks the whole run as failed."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """The run's state is set through the REST API."""
    import time

    from lab.authoring import task

    @task
    def sync_catalogue() -> None:
        for shelf in range(60):
            print(f"shelf {shelf} synced, 0 errors", flush=True)
            time.sleep(1)

    sync_catalogue()


def during(run: RunHandle) -> None:
    """Mark the run as failed."""
    run.wait_for_log("shelf 2 synced")
    run.set_run_state("failed")


FAULT = Fault(
    name="run_failed_by_user",
    family="cancelled_or_upstream",
    dag_id="catalogue_sync",
    cause="the run was marked as failed by a user",
    states="Server indicated the task shouldn't be running anymore",
    transience="unknown",
    labelled=("failed", "skipped"),
    build=build,
    during=during,
)
