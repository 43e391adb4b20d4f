"""The DAG to trigger does not exist."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """TriggerDagRunOperator; DagNotFound."""
    from lab.authoring import TriggerDagRunOperator

    TriggerDagRunOperator(task_id="start_reports", trigger_dag_id="reports_weekly_v2")


FAULT = Fault(
    name="triggered_dag",
    family="resource_not_found",
    dag_id="reports_kickoff",
    cause="the DAG to trigger does not exist",
    states="Dag with dag_id: 'reports_weekly_v2' not found",
    states_in_2="Dag id reports_weekly_v2 not found",
    accepted=("configuration_error", "dag_definition_error"),
    build=build,
    twin=True,
)
