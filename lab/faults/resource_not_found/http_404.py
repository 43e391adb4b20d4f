"""The partner moved an endpoint."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """urllib's HTTPError 404."""
    import os

    from lab.authoring import task

    @task
    def fetch_store_prices() -> bytes:
        from urllib.request import urlopen

        return urlopen(os.environ["PARTNER_URL"] + "/v1/stores/771/prices", timeout=20).read()

    fetch_store_prices()


FAULT = Fault(
    name="http_404",
    family="resource_not_found",
    dag_id="store_prices",
    cause="HTTP 404",
    states="HTTP Error 404: Not Found",
    build=build,
    needs=("web",),
    twin=True,
)
