"""BaseSettings moved out of pydantic."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PydanticImportError."""
    from lab.authoring import task

    @task
    def read_service_settings() -> None:
        from pydantic import BaseSettings

        print(BaseSettings)

    read_service_settings()


FAULT = Fault(
    name="pydantic_settings",
    family="dependency_version_conflict",
    dag_id="service_settings",
    cause="pydantic 2 with code written for pydantic 1",
    states="`BaseSettings` has been moved to the `pydantic-settings` package",
    accepted=("code_error", "missing_dependency"),
    build=build,
)
