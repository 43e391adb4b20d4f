"""A JSON body ends in the middle."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """json.JSONDecodeError in the middle of a body that is cut off."""
    import os

    from lab.authoring import task

    @task
    def fetch_stock_levels() -> list:
        import json
        from urllib.request import urlopen

        body = urlopen(os.environ["PARTNER_URL"] + "/truncated").read()
        return json.loads(body)

    fetch_stock_levels()


FAULT = Fault(
    name="truncated_json",
    family="data_error",
    dag_id="stock_levels",
    cause="a truncated JSON body",
    states="JSONDecodeError",
    accepted=("external_service_error", "network"),
    build=build,
    needs=("web",),
    transience="unknown",
)
