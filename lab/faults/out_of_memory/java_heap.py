"""A Java job fills its heap."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """OutOfMemoryError: Java heap space, then a shutdown hook."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="cache_pages", bash_command="bash $JOBS_DIR/run_ledger.sh heap '' -Xmx48m "
    )


FAULT = Fault(
    name="java_heap",
    family="out_of_memory",
    dag_id="ledger_pages",
    cause="Java heap of 48 MB exhausted",
    states="java.lang.OutOfMemoryError: Java heap space",
    build=build,
    needs=("javac",),
    twin=True,
)
