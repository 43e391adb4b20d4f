"""A Java job runs with a tiny metaspace."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """OutOfMemoryError: Metaspace, at start."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="load_rules_engine",
        bash_command="bash $JOBS_DIR/run_ledger.sh lookup '' -XX:MaxMetaspaceSize=5m -Xshare:off ",
    )


FAULT = Fault(
    name="java_metaspace",
    family="out_of_memory",
    dag_id="rules_engine",
    cause="metaspace of 5 MB exhausted",
    states="java.lang.OutOfMemoryError",
    accepted=("configuration_error",),
    build=build,
    needs=("javac",),
)
