"""Somebody terminates the script."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """SIGTERM: exit code -15 in bash."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="replay_queue",
        bash_command="echo 'replaying queue'; echo 'batch 1 of 9, 0 errors'; kill -TERM $$; sleep 20",
    )


FAULT = Fault(
    name="bash_terminated",
    family="worker_lost",
    dag_id="queue_replay",
    cause="the shell received SIGTERM",
    states="Command exited with return code -15",
    accepted=("cancelled_or_upstream",),
    transience="transient",
    build=build,
    twin=True,
)
