"""A library at run time is older than at compile time."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """NoSuchMethodError."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="export_ledger",
        bash_command="bash $JOBS_DIR/export_ledger.sh ",
    )


FAULT = Fault(
    name="java_method",
    family="dependency_version_conflict",
    dag_id="bookings_hand_over",
    cause="the library on the class path lacks a method that the job was compiled with",
    states="java.lang.NoSuchMethodError",
    needs=("javac",),
    accepted=("code_error",),
    twin=True,
    build=build,
)
