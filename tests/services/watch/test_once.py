"""One round with all that follows, as cron and the scheduled DAG do it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from dagnosis.errors import ServiceUnreachable
from dagnosis.incidents.contract import Query
from dagnosis.services.health import checks, said
from dagnosis.services.watch.once import once
from dagnosis.services.watch.wiring import Wired
from dagnosis.settings import Settings
from tests.incidents.notifications.servers import web
from tests.services.watch.table import START
from tests.services.watch.test_rounds import Lab, ref


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.incidents.close()


def wired(lab: Lab) -> Wired:
    return Wired(lab.watch(), lab.airflow, lab.logs, lab.incidents, lab.spool)


def test_it_finds_tells_and_goes_on(lab: Lab) -> None:
    lab.fail(ref(1))
    with web() as hook:
        chosen = Settings(
            notify_webhook_url=hook.url, notify_allow="127.0.0.1",
            spool=str(lab.folder / "spool"), store=str(lab.folder / "store.db"),
            watch_expire_days=0,
        )  # fmt: skip
        first = once(wired(lab), chosen, 120)
        again = once(wired(lab), chosen, 120)
    assert (len(first.done.new), len(again.done.new)) == (1, 0)
    assert first.problems == ()
    (request,) = hook.requests
    assert json.loads(request.body)["event"] == "new"
    status = said(lab.incidents, "watch")
    assert status is not None
    assert status.every_seconds == 120


def test_what_is_heard_of_no_more_is_closed(lab: Lab) -> None:
    lab.fail(ref(1))
    chosen = Settings(spool=str(lab.folder / "spool"), watch_expire_days=45)
    lab.incidents.now = lambda: START + timedelta(days=44)
    once(wired(lab), chosen)
    assert lab.incidents.find(Query(states=("open",))).total == 1
    lab.incidents.now = lambda: START + timedelta(days=46)
    once(wired(lab), chosen)
    assert lab.incidents.find(Query(states=("resolved",))).total == 1


def test_trouble_is_kept_before_it_is_raised(lab: Lab) -> None:
    lab.airflow.down = True
    with pytest.raises(ServiceUnreachable):
        once(wired(lab), Settings(spool=str(lab.folder / "spool")))
    (check,) = [
        one for one in checks(lab.incidents, datetime.now(timezone.utc)) if one.name == "watch"
    ]
    assert check.grade == "bad"
