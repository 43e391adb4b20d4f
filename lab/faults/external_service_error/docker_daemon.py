"""The Docker daemon is not running."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Cannot connect to the Docker daemon."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="run_container",
        bash_command="echo 'starting container merge:4.2'; docker run --rm merge:4.2 --day 2026-11-24",
    )


FAULT = Fault(
    name="docker_daemon",
    family="external_service_error",
    dag_id="container_run",
    cause="no Docker daemon",
    states="Docker daemon",
    accepted=("network", "configuration_error", "missing_dependency", "resource_not_found"),
    transience="unknown",
    build=build,
    needs=("docker",),
)
