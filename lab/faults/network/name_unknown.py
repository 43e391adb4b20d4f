"""The host name does not resolve."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """socket.gaierror below requests' and urllib3's exceptions."""
    from lab.authoring import task

    @task
    def fetch_from_crm() -> None:
        import requests

        requests.get("https://crm.acme-internal.invalid/api/v2/contacts", timeout=30)

    fetch_from_crm()


FAULT = Fault(
    name="name_unknown",
    family="network",
    dag_id="crm_contacts",
    cause="DNS name does not resolve",
    states="Failed to resolve 'crm.acme-internal.invalid'",
    accepted=("configuration_error",),
    transience="unknown",
    build=build,
    twin=True,
)
