"""A SQL template file is not there."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """TemplateNotFound when rendering."""
    from lab.authoring import BashOperator

    BashOperator(task_id="render_load", bash_command="sql/load_orders.sh")


FAULT = Fault(
    name="template_missing",
    family="dag_definition_error",
    dag_id="render_load",
    cause="the template file does not exist",
    states="sql/load_orders.sh",
    accepted=("resource_not_found", "configuration_error"),
    build=build,
    twin=True,
)
