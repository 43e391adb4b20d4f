"""A template uses a name that is not defined."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """jinja2 UndefinedError."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="print_window", bash_command="echo {{ data_window.start }} {{ macros.nothing(ds) }}"
    )


FAULT = Fault(
    name="template_undefined",
    family="dag_definition_error",
    dag_id="window_print",
    cause="an undefined name in a template",
    states="'data_window' is undefined",
    build=build,
    twin=True,
)
