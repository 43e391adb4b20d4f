"""A tool does not finish in its time."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """subprocess.TimeoutExpired."""
    from lab.authoring import task

    @task
    def run_compaction() -> None:
        import subprocess

        subprocess.run(["sleep", "30"], timeout=2, check=True)

    run_compaction()


FAULT = Fault(
    name="subprocess",
    family="timeout",
    dag_id="compaction_run",
    cause="a subprocess exceeded 2 s",
    states="timed out after",
    transience="unknown",
    build=build,
    twin=True,
)
