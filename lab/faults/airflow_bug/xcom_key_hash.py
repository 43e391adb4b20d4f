"""An XCom whose key holds a `#` is written, but cannot be read."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Seen with Airflow 3.3.2: the client does not quote the key in the URL, and gets another answer."""
    from lab.authoring import get_current_context, task

    @task
    def total_regions() -> int:
        ti = get_current_context()["ti"]
        ti.xcom_push(key="region#1", value=17)
        print("region#1 stored", flush=True)
        return ti.xcom_pull(task_ids="total_regions", key="region#1")

    total_regions()


FAULT = Fault(
    name="xcom_key_hash",
    family="airflow_bug",
    dag_id="regions_total",
    cause="the key of an XCom is not quoted in the URL of a request",
    states="validation error for XComSequenceSliceResponse",
    accepted=("serialization_xcom", "scheduler_or_metadata_db", "code_error"),
    build=build,
)
