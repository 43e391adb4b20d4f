"""A name was removed from a library."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ImportError: cannot import name."""
    from lab.authoring import task

    @task
    def flatten_events() -> None:
        from pandas.io.json import json_normalize_v1

        json_normalize_v1([])

    flatten_events()


FAULT = Fault(
    name="cannot_import_name",
    family="dependency_version_conflict",
    dag_id="events_flatten",
    cause="the installed pandas does not have this name",
    states="cannot import name",
    accepted=("code_error", "missing_dependency"),
    build=build,
    twin=True,
)
