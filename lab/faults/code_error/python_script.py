"""A Python script run by bash fails 60 lines before the end."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A traceback at INFO inside bash output, then a wrapper's long report."""
    from lab.authoring import BashOperator

    BashOperator(task_id="run_cleaning", bash_command="bash $JOBS_DIR/nightly_wrapper.sh ")


FAULT = Fault(
    name="python_script",
    family="code_error",
    dag_id="cleaning_nightly",
    cause="TypeError in a script",
    states="TypeError: unsupported operand type(s) for -: 'str' and 'int'",
    accepted=("data_error",),
    note="the wrapper goes on with 60 lines and ends with `exit code 1`",
    build=build,
    twin=True,
)
