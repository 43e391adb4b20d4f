"""A shell script tolerates a failing command."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`grep` finds nothing (exit code 1) and rsync is missing; the script goes on."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="tidy_folder",
        bash_command=(
            "grep ERROR /etc/hostname || echo 'exit code 1 from grep is fine'; "
            "missing-tool --version || true; echo 'Done with 0 errors, 2 warnings' >&2"
        ),
    )


FAULT = Fault(
    name="exit_code_tolerated",
    family="none",
    dag_id="folder_tidy",
    cause="none: exit code 1 tolerated",
    states=None,
    build=build,
    twin=True,
)
