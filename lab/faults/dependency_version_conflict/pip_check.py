"""The installed packages do not fit each other."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`pip check` in a throw-away environment."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="audit_image",
        bash_command="bash $JOBS_DIR/resolve_requirements.sh check ",
    )


FAULT = Fault(
    name="pip_check",
    family="dependency_version_conflict",
    dag_id="image_audit",
    cause="an installed package has a requirement that is not met",
    states="acme-reports 1.2 has requirement acme_common<2.0",
    twin=True,
    build=build,
)
