"""A Java job finds nobody at the port."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """java.net.ConnectException."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="post_ledger", bash_command="bash $JOBS_DIR/run_ledger.sh connect $CLOSED_PORT "
    )


FAULT = Fault(
    name="java_refused",
    family="network",
    dag_id="ledger_posting",
    cause="connection refused in a Java job",
    states="java.net.ConnectException: Connection refused",
    transience="transient",
    build=build,
    needs=("javac",),
)
