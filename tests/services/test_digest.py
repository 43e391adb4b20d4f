"""The digest: what it counts as new, still broken, well again; safe texts; one mail an hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dagnosis.errors import WrongUse
from dagnosis.incidents.contract import Incident
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.services import digest as service
from dagnosis.services.digest import MOST, Digest, digest
from dagnosis.services.health import Status, say
from dagnosis.services.outlook import Ahead, Outlook, Why, keep
from dagnosis.settings import Settings
from tests.incidents.making import START, failed
from tests.incidents.notifications.servers import post

NOW = START + timedelta(days=3)
LATE = 3 * 24 * 60 - 60
"""Minutes from the start to an hour before now."""


@pytest.fixture
def incidents(tmp_path: Path) -> Iterator[Incidents]:
    with open_incidents(str(tmp_path / "store.db")) as opened:
        opened.now = lambda: NOW
        yield opened


def test_new_broken_and_well(incidents: Incidents) -> None:
    incidents.record([failed(1, "old", title="Old"), failed(LATE, "fresh", title="Fresh", dag="d")])
    incidents.record([failed(LATE, "done", title="Done", dag="e", run="r", task_id="t")])
    done = incidents.find(service.Query(dag_id="e")).incidents[0]
    incidents.set_state([done.id], "resolved", who="me")
    told = digest(incidents, NOW, link=lambda one: (f"https://d/{one.id if one else ''}", ""))
    titles = [[one.title for one in part.incidents] for part in (told.new, told.broken, told.well)]
    assert titles == [["Fresh"], ["Old"], ["Done"]]
    assert (told.failures, told.causes) == (2, (("data_error", 2),))
    assert told.subject == "Digest: 1 new, 1 still broken, 1 well again"
    said = service.text(told)
    assert "https://d/" in said
    assert said.index("Fresh") < said.index("Old") < said.index("Done")


def test_nothing(incidents: Incidents) -> None:
    told = digest(incidents, NOW)
    assert told.subject == "Digest: nothing is broken"
    assert "Nothing failed." in service.text(told)
    with pytest.raises(WrongUse, match="above 0"):
        digest(incidents, NOW, timedelta(0))


def test_no_more_than_can_be_read(incidents: Incidents) -> None:
    incidents.record([failed(LATE - n, f"f{n}", dag=f"d{n}") for n in range(0, 600, 20)])
    told = digest(incidents, NOW)
    assert len(told.new.incidents) <= MOST
    if told.new.total > MOST:
        assert f"and {told.new.total - MOST} more" in service.text(told)


def test_what_is_risky_and_how_dagnosis_is(incidents: Incidents) -> None:
    risks = tuple(
        Ahead(
            dag_id=f"dag{n}", task_id="load", kind="next", when=NOW, p_fail=chance, alert=False,
            reasons=(Why("three of the last five failed", 1.0), Why("it is Monday", -1.0)),
        )
        for n, chance in enumerate((0.9, 0.05))
    )  # fmt: skip
    made = Outlook(made=NOW, now=NOW, model="m", threshold=0.5, risks=risks)
    keep(incidents, made)
    say(incidents, Status(process="watch", version="1", said=START, every_seconds=60))
    told = digest(incidents, NOW)
    assert [one.dag_id for one in told.risky] == ["dag0"]
    said = service.text(told)
    assert "dag0.load: 90%" in said
    assert "three of the last five failed" in said
    assert "Monday" not in said
    assert "watch: silent for" in said
    assert digest(incidents, NOW + timedelta(days=1)).risky == ()  # of yesterday


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str | None] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]


def test_hostile_texts_stay_texts(incidents: Incidents) -> None:
    evil = '<script>alert(1)</script><img src="http://evil/x">\x1b[31m password=hunter2 \u202e'
    incidents.record(
        [failed(LATE, "x", title=evil, message=evil, quote=evil, fix=(evil,), dag="<b>d</b>")]
    )

    def link(one: Incident | None) -> tuple[str, str]:
        return ("javascript:alert(1)" if one else 'https://d/"><script>', "")

    told = digest(incidents, NOW, link=link)
    page, said = service.html(told), service.text(told)
    tags = _Tags()
    tags.feed(page)
    assert tags.tags <= set("html head meta title body h2 h3 p ul li a b div pre".split())
    assert tags.links == ['https://d/"><script>']
    for text in (page, said):
        assert "hunter2" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_it_is_mailed(incidents: Incidents, tmp_path: Path) -> None:
    incidents.record([failed(LATE, "fresh", title="Fresh <b>")])
    told = digest(incidents, NOW)
    with post() as server:
        settings = Settings(
            notify_mail_to="a@example.com, b@example.com",
            notify_mail_from="dagnosis@example.com",
            notify_mail_host="127.0.0.1",
            notify_mail_port=server.port,
            notify_mail_tls="none",
        )
        assert service.send(told, settings) == ["a@example.com", "b@example.com"]
        service.send(told, settings)
    first, second = server.mails
    assert first["Subject"] == "[dagnosis] Digest: 1 new"
    assert first["Message-ID"] == second["Message-ID"]
    parts = {part.get_content_type(): part.get_content() for part in first.iter_parts()}
    assert "Fresh <b>" in parts["text/plain"]
    assert "Fresh &lt;b&gt;" in parts["text/html"]


def test_without_mail_it_says_what_is_missing() -> None:
    day = datetime(2026, 11, 26, tzinfo=timezone.utc)
    empty = service.Part()
    told = Digest(since=day, until=day, failures=0, causes=(), new=empty, broken=empty, well=empty)
    with pytest.raises(WrongUse, match="notify_mail_to"):
        service.send(told, Settings())
