"""A connector is not installed on the worker."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ModuleNotFoundError inside the task."""
    from lab.authoring import task

    @task
    def push_to_crm() -> None:
        print("connecting to CRM, sandbox=False")
        import simple_salesforce_connector

        simple_salesforce_connector.Session().push([])

    push_to_crm()


FAULT = Fault(
    name="module_in_task",
    family="missing_dependency",
    dag_id="crm_push",
    cause="the module is not installed",
    states="No module named 'simple_salesforce_connector'",
    build=build,
    twin=True,
)
