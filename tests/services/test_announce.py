"""One failed try is told from where it failed: through the store where there is one, else by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dagnosis.errors import WrongUse
from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import open_incidents
from dagnosis.services.announce import Announced, announce
from dagnosis.settings import Settings
from tests.incidents.making import failed
from tests.incidents.notifications.servers import web


def settings(url: str, store: Path, **more: object) -> Settings:
    return Settings(
        store=str(store), notify_webhook_url=url, notify_allow="127.0.0.1",
        notify_airflow_url="https://airflow.example.com", **more,  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_same_failure_is_told_once(tmp_path: Path) -> None:
    with web() as hook:
        chosen = settings(hook.url, tmp_path / "store.db")
        first = announce(failed(0), chosen)
        again = announce(failed(1), chosen)
        same = announce(failed(1), chosen)
    assert (first.sent, again.sent, same.sent) == (1, 0, 0)
    assert first.incident_id == again.incident_id > 0
    (request,) = hook.requests
    assert json.loads(request.body)["event"] == "new"
    with open_incidents(str(tmp_path / "store.db")) as incidents:
        assert incidents.find(Query()).incidents[0].count == 2


def test_the_cap_of_the_hour_holds(tmp_path: Path) -> None:
    with web() as hook:
        chosen = settings(hook.url, tmp_path / "store.db", notify_most_an_hour=2)
        for number in range(5):
            announce(failed(number * 600, f"f{number}", dag=f"d{number}"), chosen)
    events = [json.loads(one.body)["event"] for one in hook.requests]
    assert events.count("overflow") == 1
    assert len(events) == 3


def test_without_a_store_the_try_itself_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with web() as hook:
        chosen = settings(hook.url, tmp_path / "file" / "store.db")
        assert announce(failed(0), chosen) == Announced(0, 1)
    body = json.loads(hook.requests[0].body)
    assert body["incident"]["id"] == 0
    assert body["links"]["Airflow"].startswith("https://airflow.example.com/dags/orders/runs/")
    assert body["key"].startswith("try-")


def test_who_does_not_answer_is_a_problem_and_no_error(tmp_path: Path) -> None:
    with web() as hook:
        hook.status = 500
        done = announce(failed(0), settings(hook.url, tmp_path / "store.db"))
    assert done.sent == 0
    assert done.incident_id
    assert done.problems[0].startswith("webhook:")


def test_only_those_that_are_named(tmp_path: Path) -> None:
    with web() as hook:
        chosen = settings(hook.url, tmp_path / "store.db")
        assert announce(failed(0), chosen, only=("mail",)).sent == 0
    assert hook.requests == []


def test_wrong_settings_are_said(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="notify_mail_to"):
        announce(failed(0), Settings(store=str(tmp_path / "s.db"), notify_mail_to="a@b.c"))
