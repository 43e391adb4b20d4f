"""A class in an XCom is not allowed to be read back."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ImportError: not found in allow list."""
    from dataclasses import dataclass

    from lab.authoring import task

    @dataclass
    class Plan:
        day: str
        steps: int

    import sys

    sys.modules[__name__].Plan = Plan
    Plan.__qualname__ = "Plan"

    @task
    def draw_plan() -> Plan:
        return Plan("2026-11-25", 4)

    @task
    def execute_plan(plan) -> int:
        return plan.steps

    execute_plan(draw_plan())


FAULT = Fault(
    name="xcom_allow_list",
    family="serialization_xcom",
    dag_id="plan_execute",
    cause="a class of the DAG file is not in the allow list for deserialization",
    states="was not found in allow list",
    accepted=("configuration_error",),
    task_id="execute_plan",
    build=build,
)
