"""A SQL script fails in its middle, and goes on."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """psql without ON_ERROR_STOP in the script, then a check at its end: exit code 1."""
    from lab.authoring import BashOperator

    BashOperator(task_id="run_month_script", bash_command="bash $JOBS_DIR/month_script.sh ")


FAULT = Fault(
    name="psql_script",
    family="data_error",
    dag_id="month_script",
    cause="a null in a not-null column, in statement 41 of 90",
    states='null value in column "email" of relation "customers" violates not-null constraint',
    note="50 `INSERT 0 1` follow; the last line is a count that is off by one",
    build=build,
    needs=("postgres", "psql"),
    twin=True,
)
