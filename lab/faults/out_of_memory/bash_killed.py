"""A child process is killed, and the kernel's note stands in the output."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`Killed` from bash plus a line as dmesg prints it."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="merge_days",
        bash_command="echo 'merging 31 days'; "
        "python3 -c 'import os, signal; os.kill(os.getpid(), signal.SIGKILL)'; code=$?; "
        'echo "merge exited with $code"; '
        'echo "memory.events: low 0 high 0 max 41 oom 1 oom_kill 1"; '
        'for n in $(seq 1 12); do echo "cleanup $n of 12"; done; exit $code',
    )


FAULT = Fault(
    name="bash_killed",
    family="out_of_memory",
    dag_id="days_merge",
    cause="killed by the cgroup's OOM killer",
    states="oom_kill 1",
    note="the kill is simulated, the cgroup line is printed by the script",
    accepted=("worker_lost",),
    transience="unknown",
    build=build,
    twin=True,
)
