"""A Java job casts a String to an Integer."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ClassCastException below IllegalStateException."""
    from lab.authoring import BashOperator

    BashOperator(task_id="sum_ledger", bash_command="bash $JOBS_DIR/run_ledger.sh cast ")


FAULT = Fault(
    name="java_cast",
    family="code_error",
    dag_id="ledger_sums",
    cause="ClassCastException in a Java job",
    states="class java.lang.String cannot be cast to class java.lang.Integer",
    accepted=("data_error",),
    build=build,
    needs=("javac",),
)
