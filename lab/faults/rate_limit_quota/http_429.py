"""Too many requests, with a retry loop that gives up."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Warnings for each retry, then 429."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.partner")

    @task
    def page_through_orders() -> None:
        import time

        import requests

        for attempt in range(1, 4):
            answer = requests.get(os.environ["PARTNER_URL"] + "/status/429", timeout=30)
            if answer.ok:
                return
            log.warning("page 17: attempt %d of 3, waiting", attempt)
            time.sleep(0.3)
        answer.raise_for_status()

    page_through_orders()


FAULT = Fault(
    name="http_429",
    family="rate_limit_quota",
    dag_id="orders_pages",
    cause="HTTP 429",
    states="429 Client Error: Too Many Requests",
    transience="transient",
    build=build,
    needs=("web",),
    twin=True,
)
