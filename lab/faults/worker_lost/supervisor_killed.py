"""The supervisor of the task is killed: the log just ends."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """No line states it."""
    import os
    import time

    from lab.authoring import task

    @task
    def compute_embeddings() -> None:
        print(f"embedding, parent={os.getppid()}", flush=True)
        for batch in range(40):
            print(f"batch {batch} of 40", flush=True)
            time.sleep(1)

    compute_embeddings()


def during(run: RunHandle) -> None:
    """Kill the task and its supervisor, as a lost node does."""
    import os
    import signal

    from lab.processes import descendants

    parent = run.logged_number("parent")
    family = descendants(parent)
    os.kill(parent, signal.SIGKILL)
    for pid in family:
        os.kill(pid, signal.SIGKILL)


FAULT = Fault(
    name="supervisor_killed",
    family="worker_lost",
    dag_id="embeddings",
    cause="the node was lost: supervisor and task killed",
    states=None,
    silent_because="nobody is left to write a line; the scheduler's event log has it",
    accepted=("out_of_memory",),
    transience="transient",
    build=build,
    during=during,
    exclusive=True,
)
