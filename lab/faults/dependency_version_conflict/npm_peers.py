"""Two npm packages want different versions of a third."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ERESOLVE from a real npm, with local packages."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="build_widgets",
        bash_command="bash $JOBS_DIR/build_widgets.sh ",
    )


FAULT = Fault(
    name="npm_peers",
    family="dependency_version_conflict",
    dag_id="widgets_build",
    cause="peer dependencies of npm packages exclude each other",
    states="ERESOLVE unable to resolve dependency tree",
    needs=("npm",),
    build=build,
)
