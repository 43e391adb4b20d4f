"""The API server stands still while the task runs."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """No heartbeat arrives for longer than the limit of 30 s."""
    import time

    from lab.authoring import task

    @task
    def look_up_settings() -> None:
        from lab.authoring import Variable

        for step in range(25):
            print(f"step {step}: batch {Variable.get('settings_step', default=step)}", flush=True)
            time.sleep(1)

    look_up_settings()


def during(run: RunHandle) -> None:
    """Freeze the API server for 80 s."""
    run.wait_for_log("step 2:")
    run.pause_api(80)


FAULT = Fault(
    name="heartbeat_lost",
    family="worker_lost",
    dag_id="settings_lookup",
    cause="the API server stood still for 80 s, and the scheduler took the task for lost",
    states="Server indicated the task shouldn't be running anymore",
    accepted=("cancelled_or_upstream", "scheduler_or_metadata_db"),
    transience="transient",
    note="the log reads as if a user had set the task to failed; only the event log has `heartbeat timeout`",
    build=build,
    during=during,
    exclusive=True,
)
