"""A run lacks a parameter."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """KeyError from params; the name is the hint."""
    from lab.authoring import task

    @task
    def export_country() -> None:
        from lab.authoring import get_current_context

        context = get_current_context()
        conf = context["dag_run"].conf or {}
        print(f"conf has {len(conf)} keys")
        print(conf["country_code"])

    export_country()


FAULT = Fault(
    name="missing_param",
    family="configuration_error",
    dag_id="country_export",
    cause="the run was triggered without conf",
    states="country_code",
    accepted=("code_error", "data_error"),
    build=build,
    twin=True,
)
