"""The proxy wants a password."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """407 Proxy Authentication Required."""
    import os

    from lab.authoring import task

    @task
    def fetch_through_proxy() -> str:
        import requests

        proxies = {"https": os.environ["PARTNER_URL"]}
        return requests.get("https://feeds.partner.example/v1/day", proxies=proxies, timeout=5).text

    fetch_through_proxy()


FAULT = Fault(
    name="proxy_password",
    family="authentication",
    dag_id="feed_proxy",
    cause="HTTP 407 of the proxy",
    states="407 Proxy Authentication Required",
    needs=("web",),
    accepted=("configuration_error", "network"),
    note="the outer words speak of a connection that failed",
    twin=True,
    build=build,
)
