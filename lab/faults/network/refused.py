"""Nobody listens on the port."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """requests ConnectionError after urllib3's retries, three warnings and one root cause."""
    import os

    from lab.authoring import task

    @task
    def fetch_erp_orders() -> None:
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util import Retry

        session = requests.Session()
        session.mount("http://", HTTPAdapter(max_retries=Retry(3, backoff_factor=0.1)))
        session.get(f"http://127.0.0.1:{os.environ['CLOSED_PORT']}/erp/orders", timeout=30)

    fetch_erp_orders()


FAULT = Fault(
    name="refused",
    family="network",
    dag_id="erp_orders",
    cause="connection refused",
    states="Max retries exceeded with url: /erp/orders",
    accepted=("external_service_error",),
    transience="transient",
    build=build,
    twin=True,
)
