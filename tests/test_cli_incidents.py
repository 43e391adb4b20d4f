"""Incidents and notifications on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dagnosis.incidents.contract import Change
from dagnosis.incidents.incidents import open_incidents
from tests.incidents.making import failed
from tests.incidents.notifications import servers
from tests.test_cli import run


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store with three incidents, in the settings of the command line."""
    place = str(tmp_path / "store.db")
    monkeypatch.setenv("DAGNOSIS_STORE", place)
    with open_incidents(place) as incidents:
        incidents.record(
            [*(failed(n, dag=f"d{n % 2}") for n in range(4)), failed(9, "f2", title="\x1b[31mRed")]
        )
        incidents.record([failed(11, "f3", kind="import", dag="dags/a.py", task_id="")])
        incidents.keep_changes(1, [Change(kind="code", text="d0 changed", detail="-a\n+b")])
    return place


def test_list_show_and_handle(store: str) -> None:
    listed = run("incidents", "list")
    assert listed.returncode == 0
    assert "#1 A column is not in the frame" in listed.stdout
    assert "4× for 3 min" in listed.stdout
    assert "and 1 more DAG" in listed.stdout
    assert "\x1b[31m" not in listed.stdout
    page = json.loads(run("incidents", "list", "--json", "--kind", "import").stdout)
    assert [one["fingerprint"] for one in page["incidents"]] == ["f3"]
    shown = run("incidents", "show", "1")
    for part in ("4 failures in 2 DAGs, 2 tasks, 4 runs", "d0 changed", "+b", "1. Name the column"):
        assert part in shown.stdout
    assert json.loads(run("incidents", "show", "1", "--json").stdout)["incident"]["count"] == 4
    assert run("incidents", "ack", "1", "2").stdout == "acknowledged: 2\n"
    assert "muted: 1, until" in run("incidents", "mute", "2", "--for", "2d").stdout
    note = run("incidents", "note", "1", "password=hunter2secret is wrong", "--who", "ann")
    assert note.returncode == 0
    assert run("incidents", "resolve", "3").stdout == "resolved: 1\n"
    told = run("incidents", "show", "1").stdout
    assert "note by ann" in told
    assert "hunter2secret" not in told
    left = json.loads(run("incidents", "list", "--json").stdout)
    assert [one["id"] for one in left["incidents"]] == [1]
    assert run("incidents", "prune", "--older", "1d", "--json").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "99"), "incident 99: there is none"),
        (("ack", "99"), "incident 99: there is none"),
        (("mute", "1", "--for", "soon"), "--for 'soon'"),
        (("list", "--since", "yesterday"), "--since 'yesterday'"),
        (("list", "--cursor", "x"), "cursor"),
        (("prune", "--older", "3h"), "younger than a day"),
    ],
)
def test_what_is_wrong_is_said(store: str, arguments: tuple[str, ...], says: str) -> None:
    ran = run("incidents", *arguments)
    assert ran.returncode == 2
    assert says in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_notify(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("notify", "test").returncode == 2
    with servers.web() as web:
        monkeypatch.setenv("DAGNOSIS_NOTIFY_WEBHOOK_URL", web.url)
        refused = run("notify", "test")
        assert refused.returncode == 4
        assert "set notify_allow" in refused.stderr
        monkeypatch.setenv("DAGNOSIS_NOTIFY_ALLOW", "127.0.0.1")
        assert run("notify", "test").stdout == "webhook: delivered\n"
        assert run("notify", "send").stdout == "sent: 3, to be tried again: 0, given up: 0\n"
        events = [json.loads(request.body)["event"] for request in web.requests]
    assert events == ["test", "new", "new", "new"]
    assert run("notify", "list", "--state", "sent").stdout.count("\n") == 3
    assert json.loads(run("notify", "again", "--json").stdout) == {"again": 0}
