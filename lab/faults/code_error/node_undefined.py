"""A Node job reads a field of undefined."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """TypeError 40 lines above the exit code, between JSON lines."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="sync_products", bash_command="node $JOBS_DIR/storefront.mjs undefinedField "
    )


FAULT = Fault(
    name="node_undefined",
    family="code_error",
    dag_id="storefront_products",
    cause="TypeError in a Node job",
    states="TypeError: Cannot read properties of undefined (reading 'net')",
    accepted=("data_error",),
    build=build,
    needs=("node",),
    twin=True,
)
