"""An npm package is not installed."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ERR_MODULE_NOT_FOUND."""
    from lab.authoring import BashOperator

    BashOperator(task_id="apply_rules", bash_command="node $JOBS_DIR/storefront.mjs module ")


FAULT = Fault(
    name="node_package",
    family="missing_dependency",
    dag_id="storefront_rules",
    cause="the npm package is missing",
    states="Cannot find package '@acme/pricing-rules'",
    build=build,
    needs=("node",),
)
