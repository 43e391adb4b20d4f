"""The task gets SIGTERM and goes on to its end."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """Airflow 3 only calls on_kill."""
    import os
    import time

    from lab.authoring import task

    @task
    def crop_images() -> int:
        print(f"cropping, pid={os.getpid()}, 3 workers", flush=True)
        for step in range(12):
            print(f"batch {step} of 12, 0 failed", flush=True)
            time.sleep(1)
        return 12

    crop_images()


def during(run: RunHandle) -> None:
    """Send SIGTERM to the process."""
    import os
    import signal

    os.kill(run.logged_number("pid"), signal.SIGTERM)


FAULT = Fault(
    name="sigterm_survived",
    family="none",
    dag_id="images_crop",
    cause="none: SIGTERM did not end it",
    states=None,
    build=build,
    during=during,
)
