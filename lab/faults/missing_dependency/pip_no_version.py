"""pip finds no such version."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ERROR: No matching distribution found, then set -e."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="prepare_venv",
        bash_command="set -e; d=$(mktemp -d); trap 'rm -rf $d; echo cleaned' EXIT; "
        "echo 'creating environment'; python3 -m venv $d/env; $d/env/bin/pip list; "
        "$d/env/bin/pip install --no-index --disable-pip-version-check acme-rules==9.1 2>&1; "
        "echo 'environment ready'",
    )


FAULT = Fault(
    name="pip_no_version",
    family="missing_dependency",
    dag_id="venv_prepare",
    cause="no matching distribution for acme-rules==9.1",
    states="No matching distribution found for acme-rules==9.1",
    accepted=("dependency_version_conflict",),
    build=build,
)
