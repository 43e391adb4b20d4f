"""A connection id that nobody defined."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """AirflowNotFoundException from a SQL operator."""
    from lab.authoring import SQLExecuteQueryOperator

    SQLExecuteQueryOperator(task_id="refresh_view", conn_id="dwh_prod_eu", sql="SELECT 1")


FAULT = Fault(
    name="connection_missing",
    family="configuration_error",
    dag_id="view_refresh",
    cause="the connection id is not defined",
    states="The conn_id `dwh_prod_eu` isn't defined",
    build=build,
    twin=True,
)
