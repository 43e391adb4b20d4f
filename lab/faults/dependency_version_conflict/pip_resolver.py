"""Two requirements cannot be met together."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ResolutionImpossible from a real pip with two local packages."""
    from lab.authoring import BashOperator

    BashOperator(task_id="build_image_env", bash_command="bash $JOBS_DIR/resolve_requirements.sh ")


FAULT = Fault(
    name="pip_resolver",
    family="dependency_version_conflict",
    dag_id="image_env",
    cause="conflicting requirements",
    states="ResolutionImpossible",
    build=build,
)
