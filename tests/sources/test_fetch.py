"""`dagnosis explain --task`: the log of a try, by the names of its DAG, run and task."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from dagnosis.cli import app
from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.model import TaskRef
from dagnosis.services.fetch import fetch
from dagnosis.settings import Settings
from tests.sources.making import Filler, create, fill

TRACE = "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\nModuleNotFoundError: No module named 'pandas'\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (1, 2):
        path = tmp_path / f"logs/dag_id=orders/run_id=r1/task_id=load/attempt={number}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"try {number}\n{TRACE}")
    return tmp_path / "logs"


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'airflow.db'}"
    engine = sa.create_engine(url)
    create(engine, 3)
    fill(Filler(engine), datetime.now(timezone.utc))
    engine.dispose()
    return url


def test_the_last_try_without_a_history(folder: Path) -> None:
    chosen = Settings(airflow_logs=str(folder))
    task = TaskRef("orders", "r1", "load")
    assert fetch(chosen, task, last=True).lines[0] == "try 2"
    assert fetch(chosen, task).lines[0] == "try 1"


def test_the_last_try_that_left_a_log(folder: Path, database: str) -> None:
    chosen = Settings(airflow_logs=str(folder), airflow_database=database)
    task = TaskRef("orders", "r1", "load")
    assert fetch(chosen, task, last=True).lines[0] == "try 2"
    (folder / "dag_id=orders/run_id=r1/task_id=load/attempt=2.log").unlink()
    assert fetch(chosen, task, last=True).lines[0] == "try 1"


def test_what_is_known_of_a_try_without_a_log(folder: Path, database: str) -> None:
    chosen = Settings(airflow_logs=str(folder), airflow_database=database)
    with pytest.raises(UnreadableInput, match=r"never ran \(upstream_failed\)"):
        fetch(chosen, TaskRef("orders", "r1", "report"), last=True)
    with pytest.raises(UnreadableInput, match="Airflow knows try 1 success"):
        fetch(chosen, TaskRef("orders", "r1", "extract"))
    with pytest.raises(UnreadableInput, match="check the names"):
        fetch(chosen, TaskRef("orders", "r9", "extract"), last=True)
    with pytest.raises(WrongUse, match="no logs are set up"):
        fetch(Settings(), TaskRef("orders", "r9", "extract"))


def test_on_the_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAGNOSIS_AIRFLOW_LOGS", str(folder))
    monkeypatch.setenv("DAGNOSIS_STORE", str(tmp_path / "store.db"))
    run = CliRunner()
    said = run.invoke(app, ["explain", "--task", "orders", "r1", "load", "--try", "1", "--json"])
    assert said.exit_code == 1
    answer = json.loads(said.stdout)
    assert answer["cause"] == "missing_dependency"
    assert answer["id"].endswith("attempt=1.log")
    wrong = run.invoke(app, ["explain", "--try", "1"])
    assert isinstance(wrong.exception, WrongUse)
    both = run.invoke(app, ["explain", "a.log", "--task", "orders", "r1", "load"])
    assert isinstance(both.exception, WrongUse)


def test_config_show_hides_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "DAGNOSIS_AIRFLOW_DATABASE", "postgresql://airflow:hunter2hunter2@db/airflow"
    )
    said = CliRunner().invoke(app, ["config", "show"])
    assert "hunter2hunter2" not in said.output
    assert "@db/airflow" in said.output


def test_doctor_says_what_is_wrong(
    folder: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dagnosis.services.doctor import _sources

    assert [row.name for row in _sources()] == ["sources"]
    monkeypatch.setenv("DAGNOSIS_AIRFLOW_LOGS", str(folder))
    monkeypatch.setenv("DAGNOSIS_AIRFLOW_DATABASE", database)
    assert [(row.name, row.ok) for row in _sources()] == [("runs", True), ("logs", True)]
    monkeypatch.setenv("DAGNOSIS_AIRFLOW_LOGS", str(folder.parent))
    monkeypatch.setenv("DAGNOSIS_AIRFLOW_DATABASE", "sqlite:////nowhere/airflow.db")
    runs, logs = _sources()
    assert not runs.ok
    assert "nowhere" in runs.found
    assert not logs.ok
    assert "airflow_log_template" in logs.found
