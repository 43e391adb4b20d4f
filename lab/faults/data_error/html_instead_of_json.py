"""The API answers 200 with its login page."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """requests' JSONDecodeError; the body was HTML."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.partner")

    @task
    def fetch_profiles() -> list:
        import requests

        answer = requests.get(os.environ["PARTNER_URL"] + "/html", timeout=30)
        log.info("GET %s -> %s (timeout=30)", answer.url, answer.status_code)
        return answer.json()

    fetch_profiles()


FAULT = Fault(
    name="html_instead_of_json",
    family="data_error",
    dag_id="profiles_fetch",
    cause="HTML where JSON was expected",
    states="Expecting value: line 1 column 1 (char 0)",
    accepted=("external_service_error", "authentication"),
    build=build,
    needs=("web",),
    transience="unknown",
    twin=True,
)
