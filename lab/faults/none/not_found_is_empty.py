"""A 404 that means `no data today`."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The 404 is logged as an error and taken as an empty answer."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.partner")

    @task
    def fetch_optional_prices() -> list:
        import requests

        answer = requests.get(os.environ["PARTNER_URL"] + "/v1/stores/9/prices", timeout=30)
        if answer.status_code == 404:
            log.error("404 Client Error: Not Found for url: %s (no prices today)", answer.url)
            return []
        return answer.json()

    fetch_optional_prices()


FAULT = Fault(
    name="not_found_is_empty",
    family="none",
    dag_id="optional_prices",
    cause="none: a tolerated 404",
    states=None,
    build=build,
    needs=("web",),
    twin=True,
)
