"""A tree walk without an end."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """RecursionError: a cycle in the category tree that the code does not expect."""
    from lab.authoring import task

    @task
    def walk_categories() -> int:
        parents = {1: 2, 2: 3, 3: 1}

        def depth(node: int) -> int:
            return 1 + depth(parents[node])

        return depth(1)

    walk_categories()


FAULT = Fault(
    name="recursion",
    family="code_error",
    dag_id="category_tree",
    cause="endless recursion",
    states="maximum recursion depth exceeded",
    accepted=("data_error",),
    build=build,
    twin=True,
)
