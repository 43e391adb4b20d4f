"""A return value refers to itself."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Circular reference in an XCom."""
    from lab.authoring import task

    @task
    def build_tree() -> dict:
        node: dict = {"id": 1}
        node["parent"] = node
        return node

    build_tree()


FAULT = Fault(
    name="xcom_circular",
    family="serialization_xcom",
    dag_id="tree_build",
    cause="a circular structure as return value",
    states="maximum recursion depth exceeded",
    accepted=("code_error",),
    build=build,
)
