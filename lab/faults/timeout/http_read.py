"""The partner is slow."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """requests ReadTimeout."""
    import os

    from lab.authoring import task

    @task
    def fetch_slow_report() -> None:
        import requests

        requests.get(os.environ["PARTNER_URL"] + "/slow/6", timeout=2)

    fetch_slow_report()


FAULT = Fault(
    name="http_read",
    family="timeout",
    dag_id="slow_report",
    cause="read timeout of 2 s",
    states="Read timed out. (read timeout=2)",
    accepted=("network", "external_service_error"),
    transience="transient",
    build=build,
    needs=("web",),
    twin=True,
)
