"""A user clears the task while it runs."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """The first try is ended because it is restarting; the second one succeeds."""
    import time

    from lab.authoring import task

    @task
    def refresh_tiles() -> None:
        from lab.authoring import get_current_context

        tries = get_current_context()["ti"].try_number
        for tile in range(40 if tries == 1 else 2):
            print(f"tile {tile} refreshed", flush=True)
            time.sleep(1)

    refresh_tiles()


def during(run: RunHandle) -> None:
    """Clear it."""
    run.wait_for_log("tile 2 refreshed")
    run.clear_task("refresh_tiles")


FAULT = Fault(
    name="cleared_while_running",
    family="cancelled_or_upstream",
    dag_id="tiles_refresh",
    cause="cleared by a user while it ran",
    states="Server indicated the task shouldn't be running anymore",
    transience="transient",
    labelled=("failed", "restarting", "None", "up_for_retry"),
    build=build,
    during=during,
)
