"""The server resets the connection."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ConnectionResetError through http.client."""
    import os

    from lab.authoring import task

    @task
    def download_catalogue() -> bytes:
        from urllib.request import urlopen

        return urlopen(os.environ["PARTNER_URL"] + "/reset", timeout=20).read()

    download_catalogue()


FAULT = Fault(
    name="reset_by_peer",
    family="network",
    dag_id="catalogue_download",
    cause="connection reset by peer",
    states="Connection reset by peer",
    transience="transient",
    build=build,
    needs=("web",),
    twin=True,
)
