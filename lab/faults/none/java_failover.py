"""A Java job that prints a stack trace and succeeds."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """printStackTrace of a handled exception, `failed over … successfully`."""
    from lab.authoring import BashOperator

    BashOperator(task_id="replicate_ledger", bash_command="bash $JOBS_DIR/run_ledger.sh handled ")


FAULT = Fault(
    name="java_failover",
    family="none",
    dag_id="ledger_replica",
    cause="none: a handled Java exception",
    states=None,
    build=build,
    needs=("javac",),
    twin=True,
)
