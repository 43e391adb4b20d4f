"""The partner's certificate is self-signed."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """requests SSLError."""
    import os

    from lab.authoring import task

    @task
    def fetch_statements() -> None:
        import requests

        requests.get(os.environ["PARTNER_TLS_URL"] + "/ok", timeout=30)

    fetch_statements()


FAULT = Fault(
    name="self_signed",
    family="network",
    dag_id="statements_fetch",
    cause="certificate verification failed",
    states="CERTIFICATE_VERIFY_FAILED",
    accepted=("configuration_error", "authentication"),
    build=build,
    needs=("web",),
    twin=True,
)
