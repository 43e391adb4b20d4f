"""A program has used up its CPU seconds."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """SIGXCPU under ulimit -t."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="run_simulation",
        bash_command='echo "simulating 400 paths"; (ulimit -S -t 1; python3 -c "n = 0\nwhile True: n += 1"); code=$?; echo "simulation status $code"; exit $code',
    )


FAULT = Fault(
    name="cpu_seconds",
    family="rate_limit_quota",
    dag_id="simulation_run",
    cause="CPU limit of 1 s",
    states="CPU time limit exceeded",
    accepted=("timeout", "worker_lost"),
    transience="permanent",
    build=build,
)
