"""A Java job fails with a NullPointerException, then chats on."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The root cause is a `Caused by` at level INFO, 35 lines above the exit code."""
    from lab.authoring import BashOperator

    BashOperator(task_id="book_ledger", bash_command="bash $JOBS_DIR/run_ledger.sh lookup ")


FAULT = Fault(
    name="java_lookup",
    family="code_error",
    dag_id="ledger_booking",
    cause="NullPointerException in a Java job",
    states='because the return value of "java.util.Map.get(Object)" is null',
    note="wrapped in IllegalStateException; 30 INFO lines and a shutdown hook follow",
    accepted=("data_error",),
    build=build,
    needs=("javac",),
    twin=True,
)
