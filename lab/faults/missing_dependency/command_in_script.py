"""A shell script calls a program that is not installed, and goes on for a while."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`command not found` 40 lines above the exit code, at level INFO."""
    from lab.authoring import BashOperator

    BashOperator(task_id="sync_warehouse", bash_command="bash $JOBS_DIR/sync_warehouse.sh ")


FAULT = Fault(
    name="command_in_script",
    family="missing_dependency",
    dag_id="warehouse_sync",
    cause="the program snowsql-cli is not installed",
    states="snowsql-cli: command not found",
    note="the script goes on and ends with exit code 1 about 40 lines later",
    build=build,
    twin=True,
)
