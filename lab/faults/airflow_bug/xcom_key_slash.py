"""An XCom key with a slash and a question mark, which the task SDK does not quote."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The SDK builds a URL from the key."""
    from lab.authoring import task

    @task
    def push_parts() -> None:
        from lab.authoring import get_current_context

        ti = get_current_context()["ti"]
        for part in ("eu/de", "eu?x", "a#b", ""):
            print(f"pushing {part!r}", flush=True)
            ti.xcom_push(key=part, value=1)

    push_parts()


FAULT = Fault(
    name="xcom_key_slash",
    family="airflow_bug",
    dag_id="parts_push",
    cause="the task SDK does not quote an XCom key",
    states="rror",
    accepted=("serialization_xcom", "code_error"),
    build=build,
)
