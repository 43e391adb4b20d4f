"""The user's exception cannot be turned into text."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """__str__ formats an attribute that is not always there."""
    from lab.authoring import task

    class ApiError(Exception):
        def __str__(self) -> str:
            return f"API said {self.status}"

    @task
    def call_api() -> None:
        raise ApiError

    call_api()


FAULT = Fault(
    name="exception_text_fails",
    family="code_error",
    dag_id="api_call",
    cause="the exception's own __str__ raises",
    states="object has no attribute 'status'",
    accepted=("external_service_error",),
    note="the exception's own text cannot be made; Airflow 3 shows <str-error>",
    build=build,
)
