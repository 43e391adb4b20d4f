"""A gateway times out."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """504, at which external_service_error and timeout meet."""
    import os

    from lab.authoring import task

    @task
    def recompute_scores() -> None:
        import requests

        requests.post(os.environ["PARTNER_URL"] + "/status/504", timeout=60).raise_for_status()

    recompute_scores()


FAULT = Fault(
    name="http_504",
    family="external_service_error",
    dag_id="scores_recompute",
    cause="HTTP 504",
    states="504 Server Error: Gateway Time",
    accepted=("timeout",),
    transience="transient",
    build=build,
    needs=("web",),
)
