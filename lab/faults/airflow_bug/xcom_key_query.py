"""An XCom whose key holds a `?` cannot be rendered into a command."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """As with a `#`, from a template this time."""
    from lab.authoring import BashOperator, get_current_context, task

    @task
    def list_feeds() -> None:
        get_current_context()["ti"].xcom_push(key="feed?day=25", value="feeds/25.csv")

    mark = BashOperator(
        task_id="mark_feeds",
        bash_command="echo marking {{ ti.xcom_pull(task_ids='list_feeds', key='feed?day=25') }}",
    )
    list_feeds() >> mark


FAULT = Fault(
    name="xcom_key_query",
    family="airflow_bug",
    dag_id="feeds_mark",
    cause="the key of an XCom is not quoted in the URL of a request",
    states="validation error for XComSequenceSliceResponse",
    accepted=(
        "serialization_xcom",
        "scheduler_or_metadata_db",
        "code_error",
        "dag_definition_error",
    ),
    task_id="mark_feeds",
    build=build,
)
