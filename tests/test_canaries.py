"""Secrets planted in logs, parameters and addresses are found in nothing that is kept, told or sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dagnosis.cli import app
from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import open_incidents
from dagnosis.logs.llm.account import Account
from dagnosis.logs.llm.consult import Consultant
from dagnosis.logs.llm.edge import Reply
from dagnosis.logs.llm.prompt import Prompt
from dagnosis.logs.reading import read_text
from dagnosis.mcp.answers import Answers
from dagnosis.metrics import Metrics
from dagnosis.model import TaskRef
from dagnosis.services.explain import examine, explain_log
from dagnosis.settings import Settings
from dagnosis.sources.contract import Attempt

CANARY = "c4naryXq7pLw9vRt2Zk8"
"""Long and odd enough to stand nowhere by chance."""
AWS = "AKIAIOSFODNN7CANARYX"

LOG = f"""\
[2026-11-26T04:00:00.000+0000] {{taskinstance.py:1150}} INFO - Executing <Task(SQLExecuteQueryOperator): load>
[2026-11-26T04:00:00.100+0000] {{base.py:84}} INFO - connecting to postgresql://etl:{CANARY}@db.example/orders
[2026-11-26T04:00:00.200+0000] {{load.py:7}} INFO - params: {{'password': '{CANARY}', 'api_key': "{CANARY}"}}
[2026-11-26T04:00:00.300+0000] {{http.py:9}} INFO - Authorization: Bearer {CANARY}
[2026-11-26T04:00:00.400+0000] {{s3.py:9}} INFO - aws_access_key_id={AWS} aws_secret_access_key={CANARY}{CANARY}
[2026-11-26T04:00:01.000+0000] {{taskinstance.py:1824}} ERROR - Task failed with exception
Traceback (most recent call last):
  File "/opt/airflow/dags/load.py", line 12, in load
    engine.connect()
sqlalchemy.exc.GantryFault: lease refused for postgresql://etl:{CANARY}@db.example:5432/orders password={CANARY}
"""


def clean(*texts: object) -> None:
    """None of them holds a canary."""
    for text in texts:
        shown = text.decode("latin-1") if isinstance(text, bytes) else str(text)
        assert CANARY not in shown
        assert AWS not in shown


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("DAGNOSIS_STORE", str(home / "store.db"))
    monkeypatch.setenv("DAGNOSIS_PROFILES", str(home / "profiles.db"))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    file = tmp_path / "logs" / "attempt=1.log"
    file.parent.mkdir()
    file.write_text(LOG)
    yield file
    # whatever a test did: nothing below home holds one, databases and their journals included
    for kept in home.rglob("*"):
        if kept.is_file():
            clean(kept.read_bytes())


def run(*arguments: str) -> str:
    ran = CliRunner().invoke(app, list(arguments))
    clean(ran.output, ran.exception)
    return ran.output


def test_commands_and_the_store(log: Path) -> None:
    assert run("explain", str(log))
    json.loads(run("explain", "--json", "--evidence", "50", "--remember", str(log)))
    run("feedback", "confirm", "--note", f"password={CANARY}", str(log))
    run("feedback", "list", "--json")
    run("lines", str(log))


def test_incidents_and_what_is_told_of_them(log: Path, tmp_path: Path) -> None:
    from dagnosis.services.record import occurrence

    text = read_text(LOG, str(log))
    attempt = Attempt(
        task=TaskRef("orders", "manual__1", "load"),
        state="failed",
        ended=datetime.now(timezone.utc),
    )
    one = occurrence(attempt, text, examine(text), found_by="poll")
    metrics = Metrics(dags=5)
    with open_incidents(str(tmp_path / "home" / "store.db")) as store:
        for recorded in store.record([one]):
            metrics.recorded(one, recorded)
        answers = Answers(incidents=store, logs=[log.parent])
        (incident,) = store.find(Query()).incidents
        clean(incident, store.timeline(incident.id))
        clean(
            answers.list_incidents(),
            answers.show_incident(incident.id),
            answers.explain_try("orders", "manual__1", "load"),
            answers.explain_log("attempt=1.log"),
            answers.search_logs("password"),
            answers.search_logs("connecting"),
        )
    metrics.checked(f"postgresql://etl:{CANARY}@db/orders", "healthy", rows=1)
    metrics.watch_lag(1.0, f"https://user:{CANARY}@airflow.example")
    clean(metrics.render()[0])


class Listener:
    """A model that keeps what it was asked."""

    name = "listener"

    def __init__(self) -> None:
        self.heard: list[Prompt] = []

    def answer(self, prompt: Prompt) -> Reply:
        self.heard.append(prompt)
        return Reply("{}", 10, 10, 0.1)


def test_questions_to_a_language_model(log: Path, tmp_path: Path) -> None:
    settings = Settings(llm_when="always", llm_unsure_below=1.0)
    model: Any = Listener()
    account = Account(settings, model, tmp_path / "home")
    explain_log(read_text(LOG, str(log)), consultant=Consultant(settings, account))
    assert model.heard
    clean(*model.heard)


ADDRESS = f"postgresql://etl:{CANARY}@127.0.0.1:1/orders"


@pytest.mark.parametrize(
    "command",
    [
        ("check", ADDRESS, "--table", "orders", "--name", "orders"),
        ("forecast", "pull", ADDRESS, "runs.parquet"),
        ("doctor",),
        ("config", "show", "--json"),
        ("feedback", "list"),
        ("metrics",),
    ],
    ids=lambda command: command[0],
)
def test_addresses_with_passwords_are_not_told(
    command: tuple[str, ...], log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGNOSIS_STORE", ADDRESS)
    monkeypatch.setenv("DAGNOSIS_PROFILES", ADDRESS)
    assert log.is_file()
    run(*command)
