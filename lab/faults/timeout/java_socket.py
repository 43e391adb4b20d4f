"""A Java job waits for an answer in vain."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """java.net.SocketTimeoutException."""
    from lab.authoring import BashOperator

    BashOperator(task_id="await_ledger", bash_command="bash $JOBS_DIR/run_ledger.sh slow ")


FAULT = Fault(
    name="java_socket",
    family="timeout",
    dag_id="ledger_acknowledge",
    cause="socket read timeout in a Java job",
    states="java.net.SocketTimeoutException: Read timed out",
    accepted=("network",),
    transience="transient",
    build=build,
    needs=("javac",),
)
