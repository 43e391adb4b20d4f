"""A shell script uses a variable that is not set."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """bash: unbound variable under set -u, at INFO."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="upload_reports",
        bash_command="set -euo pipefail; trap 'echo \"upload ended\"' EXIT; "
        'for n in 1 2 3; do echo "report $n rendered"; done; '
        'echo "uploading to $REPORT_TARGTE"',
    )


FAULT = Fault(
    name="shell_unbound",
    family="code_error",
    dag_id="reports_upload",
    cause="a misspelt variable in a shell script",
    states="REPORT_TARGTE: unbound variable",
    accepted=("configuration_error",),
    build=build,
    twin=True,
)
