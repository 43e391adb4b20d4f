"""The service account may not read this resource."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """HttpOperator of Airflow with 403."""
    from lab.authoring import HttpOperator

    HttpOperator(
        task_id="read_ledger", http_conn_id="partner_api", endpoint="/status/403", method="GET"
    )


FAULT = Fault(
    name="http_403",
    family="permission",
    dag_id="ledger_read",
    cause="HTTP 403",
    states="is not authorized to access resource",
    accepted=("authentication",),
    build=build,
    needs=("web",),
)
