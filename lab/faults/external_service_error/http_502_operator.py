"""A gateway answers 502 with a page."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """httpx HTTPStatusError."""
    import os

    from lab.authoring import task

    @task
    def push_segments() -> None:
        import httpx

        httpx.post(os.environ["PARTNER_URL"] + "/status/502", json={"n": 403}).raise_for_status()

    push_segments()


FAULT = Fault(
    name="http_502_operator",
    family="external_service_error",
    dag_id="segments_push",
    cause="HTTP 502",
    states="Server error '502 Bad Gateway'",
    accepted=("network",),
    transience="transient",
    build=build,
    needs=("web",),
    twin=True,
)
