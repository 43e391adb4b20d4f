"""An XCom with an empty key."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The API server answers 422: string_too_short."""
    from lab.authoring import task

    @task
    def push_parts() -> None:
        from lab.authoring import get_current_context

        ti = get_current_context()["ti"]
        for part in ("eu/de", "us", ""):
            print(f"pushing {part!r}", flush=True)
            ti.xcom_push(key=part, value=1)

    push_parts()


FAULT = Fault(
    name="xcom_key_empty",
    family="code_error",
    dag_id="parts_push",
    cause="an XCom key is empty",
    states="String should have at least 1 character",
    note="the message says API_SERVER_ERROR",
    accepted=("serialization_xcom", "data_error"),
    build=build,
)
