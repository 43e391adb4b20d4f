"""A Node job finds nobody at the port."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`fetch failed` says nothing; its cause ECONNREFUSED does."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="query_storefront",
        bash_command="node $JOBS_DIR/storefront.mjs refused $CLOSED_PORT ",
    )


FAULT = Fault(
    name="node_refused",
    family="network",
    dag_id="storefront_query",
    cause="connection refused in a Node job",
    states="ECONNREFUSED",
    transience="transient",
    build=build,
    needs=("node",),
)
