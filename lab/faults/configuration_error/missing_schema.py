"""A URL without a scheme."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """requests MissingSchema."""
    from lab.authoring import task

    @task
    def ping_partner() -> None:
        import requests

        requests.get("partner.acme.example/api/ping", timeout=30)

    ping_partner()


FAULT = Fault(
    name="missing_schema",
    family="configuration_error",
    dag_id="partner_ping",
    cause="the configured URL has no scheme",
    states="No scheme supplied",
    accepted=("code_error",),
    build=build,
    twin=True,
)
