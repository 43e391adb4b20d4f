"""The partner's server fails."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """HttpOperator of Airflow with 500 and a Java message in the body."""
    from lab.authoring import HttpOperator

    HttpOperator(
        task_id="call_pricing", http_conn_id="partner_api", endpoint="/status/500", method="GET"
    )


FAULT = Fault(
    name="http_500",
    family="external_service_error",
    dag_id="pricing_call",
    cause="HTTP 500",
    states="500:Internal Server Error",
    transience="transient",
    build=build,
    needs=("web",),
)
