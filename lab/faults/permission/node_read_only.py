"""A Node job writes to a read-only folder."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """EROFS."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="export_storefront",
        bash_command="node $JOBS_DIR/storefront.mjs permission $ARCHIVE_DIR ",
    )


FAULT = Fault(
    name="node_read_only",
    family="permission",
    dag_id="storefront_export",
    cause="read-only file system",
    states="EROFS: read-only file system",
    accepted=("configuration_error", "disk_full"),
    build=build,
    needs=("node", "mounts"),
)
