"""The metadata database lacks a table."""

from __future__ import annotations

from lab.fault import Fault, RunHandle


def build() -> None:
    """The API server answers 500 when the XCom is pushed."""
    import time

    from lab.authoring import task

    @task
    def count_segments() -> int:
        print("segments: 14, errors: 0", flush=True)
        time.sleep(6)
        return 14

    count_segments()


def during(run: RunHandle) -> None:
    """Rename the table for a while, as a half-done migration does."""
    import time

    run.wait_for_log("segments: 14")
    run.metadata("ALTER TABLE xcom RENAME TO xcom_moved")
    time.sleep(40)
    run.metadata("ALTER TABLE xcom_moved RENAME TO xcom")


FAULT = Fault(
    name="xcom_table_lost",
    family="scheduler_or_metadata_db",
    dag_id="segments_count",
    cause="a table of the metadata database is missing",
    states="Database error",
    accepted=("airflow_bug", "external_service_error"),
    transience="unknown",
    build=build,
    during=during,
    exclusive=True,
)
