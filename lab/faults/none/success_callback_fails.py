"""The task succeeds, its on_success_callback raises."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Airflow logs `Failed to run task callback` with an error_detail."""
    from lab.authoring import task

    def tell_chat(context):
        raise ConnectionError("chat webhook answered 403: invalid_token")

    @task(on_success_callback=tell_chat)
    def publish_numbers() -> int:
        return 403

    publish_numbers()


FAULT = Fault(
    name="success_callback_fails",
    family="none",
    dag_id="numbers_publish",
    cause="none: only the success callback failed",
    states=None,
    build=build,
    twin=True,
)
