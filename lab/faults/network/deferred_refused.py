"""The trigger cannot reach the service."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """HttpOperator, deferred: the error comes from the triggerer."""
    from lab.authoring import HttpOperator

    HttpOperator(
        task_id="wait_for_catalog",
        http_conn_id="partner_gone",
        endpoint="/v1/catalog",
        method="GET",
        deferrable=True,
    )


FAULT = Fault(
    name="deferred_refused",
    family="network",
    dag_id="catalog_wait",
    cause="connection refused, in the trigger",
    states="Connect call failed",
    transience="transient",
    accepted=("external_service_error",),
    build=build,
)
