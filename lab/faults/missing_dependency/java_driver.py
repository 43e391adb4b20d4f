"""The JDBC driver is not on the class path."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ClassNotFoundException."""
    from lab.authoring import BashOperator

    BashOperator(task_id="open_ledger_db", bash_command="bash $JOBS_DIR/run_ledger.sh driver ")


FAULT = Fault(
    name="java_driver",
    family="missing_dependency",
    dag_id="ledger_database",
    cause="the MySQL driver is missing",
    states="java.lang.ClassNotFoundException: com.mysql.cj.jdbc.Driver",
    build=build,
    needs=("javac",),
    twin=True,
)
