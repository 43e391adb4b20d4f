"""urllib3 gives up after several 503."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """MaxRetryError: too many 503 error responses."""
    import os

    from lab.authoring import task

    @task
    def refresh_token_cache() -> None:
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.util import Retry

        session = requests.Session()
        retry = Retry(3, backoff_factor=0.1, status_forcelist=[502, 503])
        session.mount("http://", HTTPAdapter(max_retries=retry))
        session.get(os.environ["PARTNER_URL"] + "/status/503", timeout=30)

    refresh_token_cache()


FAULT = Fault(
    name="http_503_retries",
    family="external_service_error",
    dag_id="token_cache",
    cause="HTTP 503 four times",
    states="too many 503 error responses",
    transience="transient",
    build=build,
    needs=("web",),
    twin=True,
)
