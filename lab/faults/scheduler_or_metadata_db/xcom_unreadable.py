"""The metadata database lacks a table while an XCom is read."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """The API server answers 500."""
    import time

    from lab.authoring import task

    @task
    def read_thresholds() -> int:
        from lab.authoring import get_current_context

        print("thresholds: 6 rules, 0 errors", flush=True)
        time.sleep(6)
        return len(get_current_context()["ti"].xcom_pull(task_ids="read_thresholds", key="rules"))

    read_thresholds()


def during(run: RunHandle) -> None:
    """Rename the table for a while, as a half-done migration does."""
    import time

    run.wait_for_log("thresholds: 6")
    run.metadata("ALTER TABLE xcom RENAME TO xcom_moved")
    time.sleep(40)
    run.metadata("ALTER TABLE xcom_moved RENAME TO xcom")


FAULT = Fault(
    name="xcom_unreadable",
    family="scheduler_or_metadata_db",
    dag_id="thresholds_read",
    cause="a table of the metadata database is missing",
    states="Database error",
    exclusive=True,
    accepted=("airflow_bug", "external_service_error"),
    transience="unknown",
    build=build,
    during=during,
)
