"""A Java job is answered with 503."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Server returned HTTP response code: 503 for URL."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="fetch_ledger",
        bash_command="bash $JOBS_DIR/run_ledger.sh status $PARTNER_URL/status/503 ",
    )


FAULT = Fault(
    name="java_503",
    family="external_service_error",
    dag_id="ledger_fetch",
    cause="HTTP 503 in a Java job",
    states="Server returned HTTP response code: 503",
    transience="transient",
    build=build,
    needs=("javac", "web"),
)
