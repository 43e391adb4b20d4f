"""A shell with `set -x` and many words that sound bad."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """set -x goes to stderr."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="prepare_folders",
        bash_command="set -ex; fail_fast=true; on_error=abort; d=$(mktemp -d); "
        "mkdir -p $d/errors $d/failed $d/killed; echo 'no failures' > $d/errors/summary.txt; "
        'test "$(ls $d/failed | wc -l)" -eq 0; cat $d/errors/summary.txt; rm -rf $d',
    )


FAULT = Fault(
    name="shell_trace",
    family="none",
    dag_id="folders_prepare",
    cause="none: a shell trace",
    states=None,
    build=build,
)
