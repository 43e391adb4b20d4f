"""The partner says that an export is already running."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """409 Conflict, with a JSON problem."""
    import os

    from lab.authoring import task

    @task
    def request_export() -> None:
        import requests

        answer = requests.post(os.environ["PARTNER_URL"] + "/status/409", timeout=60)
        if not answer.ok:
            raise RuntimeError(
                f"{answer.status_code} {answer.json()['title']}: {answer.json()['detail']}"
            )

    request_export()


FAULT = Fault(
    name="http_409",
    family="external_service_error",
    dag_id="export_request",
    cause="HTTP 409: a job is running already",
    states="is already running",
    accepted=("rate_limit_quota", "data_error", "code_error"),
    transience="transient",
    build=build,
    needs=("web",),
)
