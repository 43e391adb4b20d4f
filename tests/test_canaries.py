"""Secrets planted in logs, parameters and addresses are found in nothing that is kept, told or sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from dagnosis.app import measured, opened
from dagnosis.app import web as web_app
from dagnosis.cli import app
from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.notifications.webhook import Webhook
from dagnosis.incidents.outbox import Outbox
from dagnosis.logs.llm.account import Account
from dagnosis.logs.llm.consult import Consultant
from dagnosis.logs.llm.edge import Reply
from dagnosis.logs.llm.prompt import Prompt
from dagnosis.logs.reading import read_text
from dagnosis.mcp.answers import Answers
from dagnosis.metrics import Metrics
from dagnosis.model import TaskRef
from dagnosis.raised import chain_of
from dagnosis.services.explain import examine, explain_log
from dagnosis.services.notify import deliver
from dagnosis.services.watch.measuring import report
from dagnosis.services.watch.rounds import Watch
from dagnosis.settings import Settings, load
from dagnosis.sources.contract import Attempt
from dagnosis.spool import Hint, Spool
from tests.incidents.notifications.servers import web
from tests.services.watch.table import Logs, Table

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


@pytest.fixture
def watched(log: Path, tmp_path: Path) -> Iterator[Incidents]:
    """What a watch records of a try whose log holds canaries, and of one that left only a hint of its
    exception in the spool."""
    airflow, logs, spool = Table(), Logs(), Spool(tmp_path / "spool")
    with_log, with_hint = TaskRef("orders", "r1", "load"), TaskRef("orders", "r2", "load")
    logs.of[with_log] = log.read_text()
    for task in (with_log, with_hint):
        airflow.put(task, "failed")
    try:
        raise ConnectionError(
            f"lease refused: {LOG.splitlines()[-1]} Authorization: Bearer {CANARY}"
        )
    except ConnectionError as error:
        chain = tuple(chain_of(error))
    now = airflow.now().timestamp()
    assert spool.write(Hint("task_failed", now, "task", "orders", "r2", "load", -1, 1, chain=chain))
    store = str(tmp_path / "home" / "store.db")
    with open_incidents(store) as incidents:
        done = Watch(airflow, logs, incidents, spool=spool).round()
        assert len(done.new) == 2
        assert any("lease refused" in one.quote + one.message for one, _ in done.new)
        clean(msgspec.json.encode(report(done, tmp_path / "spool")))
        yield incidents


def test_notifications(watched: Incidents) -> None:
    with web() as server:
        hook = Webhook(server.url, allowed="127.0.0.1")
        outbox = Outbox(watched)
        assert deliver(outbox, [hook]).sent == len(server.requests) > 0
        # what the other side answers is kept as the problem of a message
        server.status, server.answer = 500, f"no: password={CANARY}".encode()
        watched.set_state([1], "resolved", who="anna")
        done = deliver(outbox, [hook])
        assert done.waiting == 1
    clean(*(one.body + str(one.headers).encode() for one in server.requests))
    clean(done.problems, *(one.problem for one in outbox.letters()))


def test_pages(watched: Incidents) -> None:
    chosen = load().settings
    with opened(chosen) as found:
        pages = web_app(chosen, found, measured(chosen, found))
        visitor = TestClient(pages, base_url="http://127.0.0.1", client=("127.0.0.1", 50000))
        shown = [
            visitor.get(path)
            for path in (
                "/",
                "/incidents",
                "/incidents/1",
                "/dags/orders",
                "/dags/orders/runs/r1",
                "/dags/orders/runs/r1/tasks/load",
                "/dags/orders/runs/r2/tasks/load",
                "/health",
                "/api/v1/incidents",
                "/api/v1/incidents/1",
                "/metrics",
            )
        ]
    assert [one.status_code for one in shown] == [200] * len(shown)
    assert "GantryFault" in shown[5].text
    clean(*(one.content for one in shown), *(one.headers for one in shown))


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
