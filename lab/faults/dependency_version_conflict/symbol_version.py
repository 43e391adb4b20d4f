"""A program was linked with a newer library."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """version `LEDGER_2.0' not found, from the dynamic linker."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="score_native",
        bash_command="bash $JOBS_DIR/score_native.sh ",
    )


FAULT = Fault(
    name="symbol_version",
    family="dependency_version_conflict",
    dag_id="scores_native",
    cause="a native library is older than the program needs",
    states="version `LEDGER_2.0' not found",
    needs=("g++",),
    accepted=("missing_dependency",),
    build=build,
)
