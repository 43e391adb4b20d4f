"""The body is too large."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """413 from nginx."""
    import os

    from lab.authoring import task

    @task
    def upload_bundle() -> None:
        import requests

        url = os.environ["PARTNER_URL"] + "/status/413"
        requests.put(url, data=bytes(200_000), timeout=60).raise_for_status()

    upload_bundle()


FAULT = Fault(
    name="http_413",
    family="data_error",
    dag_id="bundle_upload",
    cause="HTTP 413",
    states="413 Client Error",
    accepted=("rate_limit_quota", "external_service_error", "code_error"),
    build=build,
    needs=("web",),
)
