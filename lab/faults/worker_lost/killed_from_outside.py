"""Somebody kills the task process."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """SIGKILL without any sign of memory pressure."""
    import os
    import time

    from lab.authoring import task

    @task
    def train_segments() -> None:
        print(f"training, pid={os.getpid()}, 2 workers", flush=True)
        time.sleep(40)

    train_segments()


def during(run: RunHandle) -> None:
    """Kill the process as an operator would."""
    import os
    import signal

    os.kill(run.logged_number("pid"), signal.SIGKILL)


FAULT = Fault(
    name="killed_from_outside",
    family="worker_lost",
    dag_id="segment_training",
    cause="SIGKILL from outside",
    states="Process terminated by signal",
    note="Airflow prints 'Likely out of memory' whoever sent it",
    accepted=("out_of_memory",),
    states_in_2="Task exited with return code -9",
    transience="transient",
    twin=True,
    build=build,
    during=during,
)
