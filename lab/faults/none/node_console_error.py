"""A Node script that writes to console.error and succeeds."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """console.error and a warning about experimental features."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="minify_assets",
        bash_command='node -e \'console.error("Error: source map missing (ignored)"); '
        'process.emitWarning("Buffer() is deprecated"); '
        'console.log(JSON.stringify({level: "error", count: 0, failed: []}))\'',
    )


FAULT = Fault(
    name="node_console_error",
    family="none",
    dag_id="assets_minify",
    cause="none: console.error",
    states=None,
    build=build,
    needs=("node",),
)
