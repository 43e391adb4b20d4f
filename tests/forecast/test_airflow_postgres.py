"""Reading Airflow's metadata database in PostgreSQL: the schema that Airflow 3.3.2 makes, our rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from dagnosis.errors import ServiceUnreachable
from dagnosis.forecast.airflow_history import read_attempts, read_facts
from dagnosis.forecast.facts import place, read
from dagnosis.forecast.history import Table
from dagnosis.services.history import pull

SCHEMA = Path(__file__).parent / "airflow-3.3.2.sql"
START = datetime(2026, 11, 1, 6, tzinfo=timezone.utc)
TRY = {
    "map_index": -1, "pool": "default_pool", "pool_slots": 1, "operator": "BashOperator",
    "priority_weight": 1,
}  # fmt: skip


@pytest.fixture
def airflow(postgres_url: str) -> Iterator[tuple[str, sa.Connection]]:
    """An Airflow: `makes` writes an asset that `reads` waits for; a try failed and was retried."""
    engine = sa.create_engine(postgres_url.replace("://", "+psycopg://"))
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        # a zone that is not UTC: times must not be read as the session's
        connection.exec_driver_sql("ALTER DATABASE postgres SET timezone TO 'Asia/Tokyo'")
        connection.exec_driver_sql(SCHEMA.read_text())
    with engine.connect() as connection:
        _fill(connection)
        connection.commit()
        yield postgres_url, connection
    engine.dispose()


def add(connection: sa.Connection, table: str, **values: object) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)


def _fill(connection: sa.Connection) -> None:
    for number, dag in enumerate(("makes", "reads")):
        add(
            connection, "dag", dag_id=dag, is_paused=False, is_stale=False, bundle_name="b",
            owners="ana", timetable_type="t", partition_mapper_info="{}", max_active_tasks=16,
            max_consecutive_failed_dag_runs=0, has_task_concurrency_limits=False,
        )  # fmt: skip
        add(
            connection, "dag_run", id=number, dag_id=dag, run_id="r1", run_type="scheduled",
            run_after=START, queued_at=START,
        )  # fmt: skip
        add(
            connection, "dag_version", id=UUID(int=number), version_number=1, dag_id=dag,
            created_at=START, last_updated=START,
        )  # fmt: skip
    add(
        connection, "task_instance_history", task_instance_id=UUID(int=7), dag_id="makes",
        task_id="load", run_id="r1", try_number=1, state="failed", **at(1, 2), **TRY,
    )  # fmt: skip
    add(
        connection, "task_instance", id=UUID(int=8), dag_id="makes", task_id="load", run_id="r1",
        try_number=2, state="success", dag_version_id=UUID(int=0), **at(10, 12), **TRY,
    )  # fmt: skip
    add(
        connection, "task_instance", id=UUID(int=9), dag_id="reads", task_id="report", run_id="r1",
        try_number=1, state="running", **at(13, None), **TRY,
    )  # fmt: skip
    now = {"created_at": START, "updated_at": START}
    add(connection, "dag_schedule_asset_reference", asset_id=1, dag_id="reads", **now)
    add(
        connection, "task_outlet_asset_reference", asset_id=1, dag_id="makes", task_id="load", **now
    )
    add(
        connection, "asset_event", id=1, asset_id=1, extra="{}", source_dag_id="makes",
        timestamp=START + timedelta(minutes=12),
    )  # fmt: skip
    for number, event in enumerate(("running", "failed", "post_clear_task_instances")):
        add(
            connection, "log", id=number, dttm=START + timedelta(minutes=5), dag_id="makes",
            event=event, owner="ana",
        )  # fmt: skip


def at(start: int, end: int | None) -> dict[str, object]:
    began = START + timedelta(minutes=start)
    ended = None if end is None else START + timedelta(minutes=end)
    return {
        "queued_dttm": began, "scheduled_dttm": began, "start_date": began, "end_date": ended,
        "updated_at": ended or began,
    }  # fmt: skip


def test_every_try_is_a_row(airflow: tuple[str, sa.Connection]) -> None:
    rows = {row["run_uid"]: row for row in read_attempts(airflow[0])}
    assert {uid: row["state"] for uid, row in rows.items()} == {
        "makes/r1/load/-1/1": "failed",
        "makes/r1/load/-1/2": "success",
        "reads/r1/report/-1/1": "unfinished",
    }
    retried = rows["makes/r1/load/-1/2"]
    assert retried["submit_time"] == START + timedelta(minutes=10)
    assert retried["version"] == str(UUID(int=0))


def test_what_happened_around_the_runs(airflow: tuple[str, sa.Connection]) -> None:
    found = {(fact.kind, fact.dag_id): fact.known_at for fact in read_facts(airflow[0])}
    minutes = {key: (known - START.timestamp()) / 60 for key, known in found.items()}
    assert minutes == {
        ("change", "makes"): 0,
        ("change", "reads"): 0,
        ("touch", "makes"): 5,
        ("asset", "reads"): 12,
        ("upstream", "reads"): 2,
    }


def test_only_what_is_newer(airflow: tuple[str, sa.Connection]) -> None:
    since = START + timedelta(minutes=5)
    kinds = Counter(fact.kind for fact in read_facts(airflow[0], since))
    assert kinds == {"touch": 1, "asset": 1}
    rows = {row["run_uid"] for row in read_attempts(airflow[0], since)}
    assert rows == {"makes/r1/load/-1/2", "reads/r1/report/-1/1"}


def test_a_pull_keeps_both(airflow: tuple[str, sa.Connection], tmp_path: Path) -> None:
    runs = tmp_path / "runs.parquet"
    first = pull(airflow[0], runs)
    assert first == pull(airflow[0], runs) == (3, 3, 5)
    assert len(list(Table(runs).events())) == 5
    assert len(read(place(runs))) == 5


def test_it_is_only_read(airflow: tuple[str, sa.Connection]) -> None:
    from dagnosis.forecast.airflow_history import _engine

    with pytest.raises(sa.exc.InternalError, match="read-only"):  # noqa: SIM117
        with _engine(airflow[0]).connect() as connection:
            connection.execute(sa.text("DELETE FROM log"))
    with pytest.raises(ServiceUnreachable, match="does not answer"):
        list(read_facts("postgresql://nobody:secret@127.0.0.1:1/airflow"))
