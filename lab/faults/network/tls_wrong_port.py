"""HTTPS is spoken to a port of plain HTTP."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """WRONG_VERSION_NUMBER."""
    import os

    from lab.authoring import task

    @task
    def fetch_rates_tls() -> str:
        import requests

        url = os.environ["PARTNER_URL"].replace("http://", "https://")
        return requests.get(f"{url}/v1/rates", timeout=5).text

    fetch_rates_tls()


FAULT = Fault(
    name="tls_wrong_port",
    family="network",
    dag_id="rates_tls",
    cause="TLS to a port of plain HTTP",
    states="WRONG_VERSION_NUMBER",
    needs=("web",),
    accepted=("configuration_error",),
    transience="permanent",
    twin=True,
    build=build,
)
