"""A success of 20,000 lines with three errors in it."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A long log whose errors were handled."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="import_rows",
        bash_command="awk 'BEGIN { for (n = 1; n <= 20000; n++) { "
        'if (n % 7000 == 0) print "ERROR row " n ": duplicate key, row left out"; '
        'else print "row " n " imported in " n % 13 " ms" } }\'',
    )


FAULT = Fault(
    name="long_success",
    family="none",
    dag_id="rows_import",
    cause="none: three rows left out of 20,000",
    states=None,
    build=build,
)
