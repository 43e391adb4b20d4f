"""The partner refuses a record."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """422 with a list of violations."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.partner")

    @task
    def send_invoices() -> None:
        import requests

        answer = requests.post(os.environ["PARTNER_URL"] + "/status/422", json=[], timeout=60)
        if answer.status_code >= 400:
            log.error("partner refused: %s", answer.text)
        answer.raise_for_status()

    send_invoices()


FAULT = Fault(
    name="http_422",
    family="data_error",
    dag_id="invoices_send",
    cause="HTTP 422: '12,50' is no decimal",
    states="value is not a valid decimal",
    accepted=("code_error",),
    build=build,
    needs=("web",),
)
