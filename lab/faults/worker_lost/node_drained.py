"""The machine is drained: the task process gets SIGTERM."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """Airflow 2 ends the task at SIGTERM."""
    import os
    import time

    from lab.authoring import task

    @task
    def label_images() -> None:
        print(f"labelling, pid={os.getpid()}, 3 models", flush=True)
        for step in range(40):
            time.sleep(1)

    label_images()


def during(run: RunHandle) -> None:
    """Terminate the process as a drained node does."""
    import os
    import signal

    os.kill(run.logged_number("pid"), signal.SIGTERM)


FAULT = Fault(
    name="node_drained",
    family="worker_lost",
    dag_id="images_label",
    cause="SIGTERM from outside",
    states="Received SIGTERM",
    accepted=("cancelled_or_upstream",),
    transience="transient",
    only_twin=True,
    build=build,
    during=during,
)
