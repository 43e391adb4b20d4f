from __future__ import annotations

import csv
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lab import history
from lab.metadata import Metadata, Postgres, Sqlite

TRY = """task_id text, dag_id text, run_id text, map_index int, try_number int, max_tries int,
    state text, start_date {time}, end_date {time}, queued_dttm {time},
    scheduled_dttm {time},
    queue text, pool text, operator text, priority_weight int"""
TABLES = f"""
CREATE TABLE task_instance ({TRY});
CREATE TABLE task_instance_history ({TRY});
CREATE TABLE dag_run (dag_id text, run_id text, run_type text, queued_at {{time}},
    start_date {{time}}, end_date {{time}}, state text);
CREATE TABLE dag (dag_id text, owners text);
"""
ROWS = """
INSERT INTO dag VALUES ('orders', 'airflow');
INSERT INTO dag_run VALUES ('orders', 'r1', 'manual', '00', '00', NULL, 'running');
INSERT INTO task_instance_history VALUES ('load', 'orders', 'r1', -1, 1, 1, 'failed',
    '02', '03.25', '01', '00', 'default', 'p', 'Bash', 1);
INSERT INTO task_instance VALUES ('load', 'orders', 'r1', -1, 2, 1, 'success',
    '12', '13', '11', '10', 'default', 'p', 'Bash', 1);
INSERT INTO task_instance VALUES ('wait', 'orders', 'r1', -1, 1, 0, 'running',
    '22', NULL, '41', '21', 'default', 'p', 'Sensor', 1);
INSERT INTO task_instance VALUES ('tell', 'orders', 'r1', -1, 0, 0, 'upstream_failed',
    NULL, NULL, NULL, NULL, 'default', 'p', 'Bash', 1);
"""
"""Two digits stand for a second. `load` was tried twice, `wait` was deferred and queued again,
`tell` never ran."""


@pytest.fixture(params=["sqlite", "postgresql"])
def metadata(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Metadata]:
    """Either database, with the tables that the history is read from."""
    if request.param == "sqlite":
        yield fill(Sqlite(tmp_path / "airflow.db"), "text")
        return
    if not shutil.which("psql") or not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("PostgreSQL's server is not installed")
    folder = Path(tempfile.mkdtemp(prefix="lab-test-"))
    folder.chmod(0o755)  # PostgreSQL's own user must be able to enter
    database = Postgres(folder / "metadata", free_port())
    stop = database.start()
    yield fill(database, "timestamptz")
    stop()
    shutil.rmtree(folder)


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def fill(database: Metadata, time: str) -> Metadata:
    zone = "+00" if time == "timestamptz" else ""
    rows = re.sub(r"'(\d\d(\.\d+)?)'", rf"'2026-11-26 00:00:\1{zone}'", ROWS)
    for statement in (TABLES.replace("{time}", time) + rows).split(";\n"):
        if statement.strip():
            database.execute(statement)
    return database


def test_there_is_a_row_for_each_try(metadata: Metadata) -> None:
    rows = {(row["task_id"], row["try_number"]): row for row in history.read(metadata, "lab")}
    assert len(rows) == 4
    first, second = rows["load", "1"], rows["load", "2"]
    assert (first["state"], second["state"]) == ("failed", "success")
    assert first["end_time"] == "2026-11-26T00:00:03.250000+00:00"
    assert (first["owner"], first["operator"], first["map_index"]) == ("airflow", "Bash", "-1")
    assert second["submit_time"] == "2026-11-26T00:00:11.000000+00:00"


def test_nothing_is_submitted_after_it_started(metadata: Metadata) -> None:
    rows = {row["task_id"]: row for row in history.read(metadata, "lab")}
    assert rows["wait"]["submit_time"] == "2026-11-26T00:00:21.000000+00:00"
    assert (rows["wait"]["state"], rows["wait"]["end_time"]) == ("unfinished", "")
    assert rows["tell"]["submit_time"] == "2026-11-26T00:00:00.000000+00:00"
    assert (rows["tell"]["state"], rows["tell"]["start_time"]) == ("cancelled", "")


def test_airflow_2_does_not_keep_when_a_try_was_scheduled(metadata: Metadata) -> None:
    for table in ("task_instance", "task_instance_history"):
        metadata.execute(f"ALTER TABLE {table} DROP COLUMN scheduled_dttm")
    rows = {row["task_id"]: row for row in history.read(metadata, "lab", 2)}
    assert rows["wait"]["scheduled_time"] == ""
    # Queued after its start, as it was deferred: the start is the best that is left.
    assert rows["wait"]["submit_time"] == rows["wait"]["start_time"]


def one(dag_id: str, second: int, state: str = "failed") -> dict[str, str]:
    return {
        **dict.fromkeys(history.COLUMNS, ""),
        "dataset": "lab", "dag_id": dag_id, "task_id": "t", "map_index": "-1", "try_number": "1",
        "submit_time": f"2026-11-26T00:00:{second:02}.000000+00:00", "state": state,
    }  # fmt: skip


def test_new_rows_replace_those_of_the_same_dag(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    assert history.load(file) == []
    history.add(file, [one("b", 2), one("a", 1)])
    history.add(file, [one("b", 0, "success")])
    rows = history.load(file)
    assert [(row["dag_id"], row["state"], row["run_uid"]) for row in rows] == [
        ("b", "success", "lab:1"),
        ("a", "failed", "lab:2"),
    ]
    with file.open(newline="") as source:
        assert next(csv.reader(source)) == list(history.COLUMNS)


def test_sqlite_commits_and_fails_loudly(tmp_path: Path) -> None:
    database = Sqlite(tmp_path / "a.db")
    database.execute("CREATE TABLE t (x)")
    database.execute("INSERT INTO t VALUES (1), (NULL)")
    with closing(sqlite3.connect(tmp_path / "a.db")) as other:
        assert other.execute("SELECT count(*) FROM t").fetchone() == (2,)
    assert database.query("SELECT x FROM t") == [{"x": "1"}, {"x": ""}]
    with pytest.raises(sqlite3.Error):
        database.query("SELECT y FROM t")
    assert os.fspath(tmp_path) in database.url
