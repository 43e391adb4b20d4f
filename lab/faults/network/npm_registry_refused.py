"""npm cannot reach its registry."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """npm error code ECONNREFUSED, several lines, a path of a log file."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="install_front_end",
        bash_command='d=$(mktemp -d); cd $d; echo \'{"name": "shop", "dependencies": {"left-pad": "1.3.0"}}\' > package.json; '
        "npm install --registry http://127.0.0.1:$CLOSED_PORT --fetch-retries 0 --cache $d/cache; code=$?; "
        "rm -rf $d; echo 'front end: build skipped'; exit $code",
    )


FAULT = Fault(
    name="npm_registry_refused",
    family="network",
    dag_id="front_end_install",
    cause="the npm registry refuses connections",
    states="ECONNREFUSED",
    accepted=("missing_dependency",),
    transience="transient",
    build=build,
    needs=("npm",),
)
