"""A Node job fills its heap."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """FATAL ERROR … JavaScript heap out of memory, then abort."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="index_storefront",
        bash_command="node --max-old-space-size=40 $JOBS_DIR/storefront.mjs heap ",
    )


FAULT = Fault(
    name="node_heap",
    family="out_of_memory",
    dag_id="storefront_index",
    cause="JavaScript heap of 40 MB exhausted",
    states="JavaScript heap out of memory",
    build=build,
    needs=("node",),
)
