"""A Java job spills to a full disk."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """java.io.IOException: No space left on device."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="sort_ledger", bash_command="bash $JOBS_DIR/run_ledger.sh disk $SCRATCH_DIR "
    )


FAULT = Fault(
    name="java_spill",
    family="disk_full",
    dag_id="ledger_sort",
    cause="no space left for a Java job's spill file",
    states="java.io.IOException: No space left on device",
    transience="unknown",
    build=build,
    needs=("javac", "mounts"),
)
