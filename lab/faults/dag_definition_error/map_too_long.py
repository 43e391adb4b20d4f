"""A task is mapped over more items than Airflow allows."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """UnmappableXComLengthPushed: max_map_length is 1024."""
    from lab.authoring import task

    @task
    def list_tiles() -> list:
        return [f"tile {number}" for number in range(1500)]

    @task
    def render_tile(tile: str) -> str:
        return tile.upper()

    render_tile.expand(tile=list_tiles())


FAULT = Fault(
    name="map_too_long",
    family="dag_definition_error",
    dag_id="tiles_expand",
    cause="a mapped task over 1,500 items, 1,024 are allowed",
    states="unmappable_return_value_length",
    accepted=(
        "configuration_error",
        "serialization_xcom",
        "code_error",
        "data_error",
        "rate_limit_quota",
    ),
    build=build,
)
