"""A task maps over something that is no list."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """UnmappableXComTypePushed."""
    from lab.authoring import task

    @task
    def count_files() -> int:
        return 12

    @task
    def load_file(number: int) -> None:
        print(number)

    load_file.expand(number=count_files())


FAULT = Fault(
    name="cannot_map",
    family="serialization_xcom",
    dag_id="files_load",
    cause="an int was pushed where a list is mapped over",
    states="Unmappable",
    accepted=("code_error", "dag_definition_error"),
    build=build,
    twin=True,
)
