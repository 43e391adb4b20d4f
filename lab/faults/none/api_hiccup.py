"""The API server stands still for a while, and the task waits."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """Heartbeats fail for less than the limit."""
    import time

    from lab.authoring import task

    @task
    def poll_partition() -> None:
        for step in range(20):
            print(f"partition 7: poll {step}, 0 errors", flush=True)
            time.sleep(1)

    poll_partition()


def during(run: RunHandle) -> None:
    """Freeze the API server for 20 s."""
    run.wait_for_log("poll 2,")
    run.pause_api(20)


FAULT = Fault(
    name="api_hiccup",
    family="none",
    dag_id="partition_poll",
    cause="none: the API server was back in time",
    states=None,
    build=build,
    during=during,
    exclusive=True,
)
