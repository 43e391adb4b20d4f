"""The certificate is for another host."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """IP address mismatch, with a trusted certificate."""
    import os

    from lab.authoring import task

    @task
    def fetch_terms() -> int:
        import ssl
        from urllib.request import urlopen

        url = os.environ["PARTNER_TLS_URL"].replace("localhost", "127.0.0.1")
        trusted = ssl.create_default_context(cafile=os.environ["PARTNER_CA_FILE"])
        return len(urlopen(f"{url}/ok", timeout=5, context=trusted).read())

    fetch_terms()


FAULT = Fault(
    name="tls_host_name",
    family="network",
    dag_id="terms_fetch",
    cause="certificate of another host name",
    states="certificate verify failed",
    needs=("web",),
    accepted=("configuration_error", "authentication"),
    transience="permanent",
    build=build,
)
