"""A Java job misses a property."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Could not resolve placeholder, as Spring says it."""
    from lab.authoring import BashOperator

    BashOperator(task_id="start_ledger", bash_command="bash $JOBS_DIR/run_ledger.sh property ")


FAULT = Fault(
    name="java_property",
    family="configuration_error",
    dag_id="ledger_start",
    cause="a property of a Java job is not set",
    states="Could not resolve placeholder 'ledger.jdbc.url'",
    build=build,
    needs=("javac",),
)
