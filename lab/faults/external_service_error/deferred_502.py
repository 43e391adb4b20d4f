"""The trigger gets HTTP 502."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """HttpOperator, deferred."""
    from lab.authoring import HttpOperator

    HttpOperator(
        task_id="poll_catalog",
        http_conn_id="partner_api",
        endpoint="/status/502",
        method="GET",
        deferrable=True,
    )


FAULT = Fault(
    name="deferred_502",
    family="external_service_error",
    dag_id="catalog_poll",
    cause="HTTP 502, in the trigger",
    states="Bad Gateway",
    transience="transient",
    needs=("web",),
    build=build,
)
