"""The connection breaks in the middle of a download."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """IncompleteRead below urllib3 and requests."""
    import os

    from lab.authoring import task

    @task
    def download_positions() -> int:
        import requests

        return len(requests.get(os.environ["PARTNER_URL"] + "/cut", timeout=30).content)

    download_positions()


FAULT = Fault(
    name="cut_body",
    family="network",
    dag_id="positions_download",
    cause="connection broken: IncompleteRead",
    states="IncompleteRead",
    accepted=("external_service_error",),
    transience="transient",
    build=build,
    needs=("web",),
)
