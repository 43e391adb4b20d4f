"""The access token expired."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """requests raise_for_status with 401, then a logged body."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.partner")

    @task
    def fetch_invoices() -> None:
        import requests

        answer = requests.get(os.environ["PARTNER_URL"] + "/status/401", timeout=30)
        log.warning("Body: %s", answer.text)
        answer.raise_for_status()

    fetch_invoices()


FAULT = Fault(
    name="http_401",
    family="authentication",
    dag_id="invoices_fetch",
    cause="HTTP 401: the token expired",
    states="401 Client Error",
    build=build,
    needs=("web",),
    twin=True,
)
