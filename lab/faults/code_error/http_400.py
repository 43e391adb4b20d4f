"""The request is wrong."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """400 with the name of the field."""
    import os

    from lab.authoring import task

    @task
    def query_period() -> None:
        import requests

        answer = requests.get(os.environ["PARTNER_URL"] + "/status/400", timeout=60)
        if not answer.ok:
            raise RuntimeError(f"HTTP {answer.status_code}: {answer.text}")

    query_period()


FAULT = Fault(
    name="http_400",
    family="code_error",
    dag_id="period_query",
    cause="HTTP 400: a date in the wrong format",
    states="must be an ISO 8601 date",
    accepted=("data_error", "configuration_error"),
    build=build,
    needs=("web",),
)
