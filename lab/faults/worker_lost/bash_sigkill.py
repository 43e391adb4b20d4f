"""Somebody kills the script."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """SIGKILL: exit code -9 in bash, with nothing about memory."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="load_archive",
        bash_command='for n in $(seq 1 40); do echo "file $n of 300 loaded, 0 errors"; done; kill -KILL $$',
    )


FAULT = Fault(
    name="bash_sigkill",
    family="worker_lost",
    dag_id="archive_load",
    cause="the shell was killed with SIGKILL",
    states="Command exited with return code -9",
    accepted=("out_of_memory",),
    transience="transient",
    build=build,
    twin=True,
)
