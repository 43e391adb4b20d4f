"""pip cannot reach its index, and then says that there is no such version."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The last line speaks of a missing distribution; the cause is the refused connection."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="install_requirements",
        bash_command="set -e; d=$(mktemp -d); trap 'rm -rf $d' EXIT; python3 -m venv $d/env; "
        "echo 'installing requirements of job price-merge'; "
        "$d/env/bin/pip install --isolated --retries 2 --timeout 3 --disable-pip-version-check "
        "--index-url http://127.0.0.1:$CLOSED_PORT/simple requests==2.32.0 2>&1; "
        "echo 'requirements installed'",
    )


FAULT = Fault(
    name="pip_index_refused",
    family="network",
    dag_id="requirements_install",
    cause="the package index refuses connections",
    states="Connection refused",
    note="the last ERROR is `No matching distribution found`",
    accepted=("missing_dependency",),
    transience="transient",
    build=build,
)
