"""The whole run exceeds dagrun_timeout."""

from __future__ import annotations

from datetime import timedelta

from lab.fault import Fault


def build() -> None:
    """The scheduler skips the running task; its log speaks of current_state only."""
    import time

    from lab.authoring import task

    @task
    def replay_events() -> None:
        for hour in range(24):
            print(f"hour {hour:02d} replayed", flush=True)
            time.sleep(3)

    replay_events()


FAULT = Fault(
    name="run_timeout",
    family="timeout",
    dag_id="events_replay",
    cause="dagrun_timeout of 9 s",
    states="Server indicated the task shouldn't be running anymore",
    note="state skipped, run failed; the number of seconds is nowhere in the log",
    accepted=("cancelled_or_upstream",),
    transience="unknown",
    labelled=("skipped",),
    dag_options={"dagrun_timeout": timedelta(seconds=9)},
    build=build,
    during=lambda run: None,
)
