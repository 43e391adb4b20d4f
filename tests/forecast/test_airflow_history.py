"""Reading Airflow's metadata database: what its rows mean, and that it is only read.

The schema below is that of Airflow 3.3.2 where we read it; `test_a_real_database` reads one that the
lab made, when DAGNOSIS_AIRFLOW_DB is its URL.
"""

from __future__ import annotations

import os
import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import pytest

from dagnosis.errors import ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.forecast import kept
from dagnosis.forecast.airflow_history import read_attempts, read_facts
from dagnosis.forecast.facts import KINDS
from dagnosis.forecast.history import Table
from dagnosis.services.history import pull

TRY = (
    "task_id TEXT, dag_id TEXT, run_id TEXT, map_index INT, try_number INT, state TEXT, start_date "
    "TEXT, end_date TEXT, updated_at TEXT, queued_dttm TEXT, scheduled_dttm TEXT, operator TEXT, "
    "pool TEXT, queue TEXT, priority_weight INT, dag_version_id TEXT"
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "airflow.db"
    with sqlite3.connect(path) as db:
        for table in ("task_instance", "task_instance_history"):
            db.execute(f"CREATE TABLE {table} ({TRY})")
        db.execute("CREATE TABLE dag (dag_id TEXT, owners TEXT)")
        db.execute("CREATE TABLE dag_run (dag_id TEXT, run_id TEXT, queued_at TEXT, run_type TEXT)")
        db.execute("INSERT INTO dag VALUES ('etl', 'ana')")
        db.execute("INSERT INTO dag_run VALUES ('etl', 'r1', '2026-01-01 00:00:00', 'scheduled')")
        add(db, "task_instance_history", "load", 1, "failed", "00:01", "00:02")
        add(db, "task_instance", "load", 2, "success", "00:10", "00:12")
        add(db, "task_instance", "report", 1, "upstream_failed", None, "00:13")
        add(db, "task_instance", "killed", 1, "failed", "00:14", None)
        add(db, "task_instance", "waits", 1, "running", "00:15", None)
    return path


def add(
    db: sqlite3.Connection, table: str, task: str, number: int, state: str,
    start: str | None, end: str | None,
) -> None:  # fmt: skip
    day = "2026-01-01 {}:00.000000"
    asked = day.format(start) if start else None
    db.execute(
        f"INSERT INTO {table} VALUES (?, 'etl', 'r1', -1, ?, ?, ?, ?, ?, ?, ?, 'Bash', 'p', 'q', 1, 'v')",
        (task, number, state, asked, day.format(end) if end else None, day.format(end or "00:20"),
         asked, asked),
    )  # fmt: skip


def test_each_try_is_a_row(database: Path) -> None:
    rows = {row["run_uid"]: row for row in read_attempts(f"sqlite:///{database}")}
    states = {uid.split("/")[2:][0] + uid[-1]: row["state"] for uid, row in rows.items()}
    assert states == {
        "load1": "failed", "load2": "success", "report1": "cancelled", "killed1": "failed",
        "waits1": "unfinished",
    }  # fmt: skip
    killed = rows["etl/r1/killed/-1/1"]
    assert killed["end_time"] == datetime(2026, 1, 1, 0, 20, tzinfo=timezone.utc)
    assert rows["etl/r1/waits/-1/1"]["end_time"] is None
    report = rows["etl/r1/report/-1/1"]
    assert report["submit_time"] == datetime(2026, 1, 1, tzinfo=timezone.utc)  # that of its run
    assert (killed["owner"], killed["queue"], killed["operator"]) == ("ana", "p", "Bash")


def test_pulling_twice_changes_nothing(database: Path, tmp_path: Path) -> None:
    runs, url = tmp_path / "kept" / "runs.parquet", f"sqlite:///{database}"
    assert pull(url, runs) == (5, 5, 0)
    before = list(Table(runs).events())
    assert pull(url, runs).kept == 5
    assert list(Table(runs).events()) == before


def test_what_airflow_forgets_is_kept(database: Path, tmp_path: Path) -> None:
    runs, url = tmp_path / "runs.parquet", f"sqlite:///{database}"
    pull(url, runs)
    with sqlite3.connect(database) as db:
        db.execute("DELETE FROM task_instance_history")
        db.execute(
            "UPDATE task_instance SET state = 'failed', end_date = updated_at WHERE task_id = 'waits'"
        )
    assert pull(url, runs).kept == 5
    assert len(list(Table(runs).events())) == 10  # five requests, and now all have ended


def test_it_is_only_read(database: Path) -> None:
    database.chmod(0o400)
    before = database.read_bytes()
    list(read_attempts(f"sqlite:///{database}"))
    assert database.read_bytes() == before


def test_a_database_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ServiceUnreachable):
        list(read_attempts(f"sqlite:///{tmp_path / 'none.db'}"))
    assert not (tmp_path / "none.db").exists()
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(UnreadableInput, match="holds no Airflow"):
        list(read_attempts(f"sqlite:///{tmp_path / 'other.db'}"))
    with pytest.raises(WrongUse, match="only SQLite and PostgreSQL"):
        list(read_attempts("mysql://airflow@db/airflow"))
    with pytest.raises(WrongUse, match="none of sqlite"):
        list(read_attempts("airflow.db"))
    assert kept.newest(tmp_path / "none.parquet") is None


def test_a_real_database() -> None:
    url = os.environ.get("DAGNOSIS_AIRFLOW_DB")
    if not url:
        pytest.skip(
            "DAGNOSIS_AIRFLOW_DB is no URL of a metadata database (lab/README.md makes one)"
        )
    import sqlalchemy as sa

    rows = list(read_attempts(url))
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as db:
        counted = sum(
            db.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in ("task_instance", "task_instance_history")
        )
    engine.dispose()
    assert len(rows) == counted > 0
    assert len({row["run_uid"] for row in rows}) == counted
    assert all(row["end_time"] for row in rows if row["state"] in ("failed", "success"))
    assert {fact.kind for fact in read_facts(url)} <= set(KINDS)
