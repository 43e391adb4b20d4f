"""A script is stopped by coreutils' timeout."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Exit code 124 is all that is said."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="dump_archive",
        bash_command="echo 'dumping archive, limit 2s'; timeout 2 sleep 20; code=$?; "
        'echo "dump ended with code $code"; exit $code',
    )


FAULT = Fault(
    name="bash_124",
    family="timeout",
    dag_id="archive_dump",
    cause="the command timeout ended it",
    states="dump ended with code 124",
    accepted=("code_error",),
    transience="unknown",
    build=build,
)
