"""A thousand failures of twenty causes over fifty DAGs, as real logs: twenty incidents, few notices."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

import pytest

from dagnosis.incidents.contract import Occurrence, Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.notifications.contract import Notice
from dagnosis.incidents.outbox import Outbox
from dagnosis.logs.reading import read_text
from dagnosis.logs.redaction import redact
from dagnosis.model import TaskRef
from dagnosis.services.explain import Examined, examine
from dagnosis.services.notify import deliver

LOGS = Path(__file__).parents[2] / "lab" / "sample" / "logs"
CAUSES, DAGS, FAILURES = 20, 50, 1000
VARIANTS = 10
"""Of each cause, so many different logs are diagnosed; their failures repeat."""
START = datetime(2026, 11, 20, tzinfo=timezone.utc)
MOST_BYTES = 6000
"""Short logs, so that the test is short."""

_DATE = re.compile(r"20\d\d-\d\d-\d\d")
_TIME = re.compile(r"(?<=[T ])\d\d:\d\d:\d\d(?:\.\d+)?")
_HEX = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_FOLDER = re.compile(r"/(?:opt|srv|home)/[\w-]+(?=/)")


def examples() -> list[str]:
    """The first twenty short logs that fail in as many ways."""
    found: dict[str, str] = {}
    for path in sorted(LOGS.glob("*.log")):
        if path.stat().st_size > MOST_BYTES:
            continue
        text = path.read_text("utf-8", "replace")
        answer = examine(read_text(text, path.name)).answer
        if answer.failed:
            found.setdefault(answer.fingerprint, text)
        if len(found) == CAUSES:
            break
    return list(found.values())


def varied(text: str, number: int) -> str:
    """The same failure at another time, in another run, elsewhere."""
    when = START + timedelta(minutes=7 * number)
    text = _DATE.sub(f"{when:%Y-%m-%d}", text)
    text = _TIME.sub(f"{when:%H:%M:%S}", text)
    text = _HEX.sub(f"{number:08x}-{number % 10000:04x}-4abc-8def-{number:012x}", text)
    return _FOLDER.sub(f"/srv/airflow-{number}", text)


@cache
def examined(text: str, variant: int) -> Examined:
    return examine(read_text(varied(text, variant), f"{variant}.log"))


def occurrence(text: str, number: int) -> Occurrence:
    seen = examined(text, number % VARIANTS)
    answer, finding = seen.answer, seen.finding
    assert finding is not None
    return Occurrence(
        task=TaskRef(f"dag_{number % DAGS}", f"run_{number}", f"task_{number % 7}"),
        occurred=START + timedelta(seconds=40 * number),
        found_by="poll",
        fingerprint=answer.fingerprint,
        cause=answer.cause,
        detail=answer.detail,
        title=answer.title,
        confidence=answer.confidence,
        transience=answer.transience,
        message=redact(finding.message),
        quote=answer.evidence[0].text if answer.evidence else "",
        fix=answer.fix,
    )


class Told:
    name = "webhook"

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def notify(self, notice: Notice) -> None:
        self.notices.append(notice)


@pytest.mark.skipif(not LOGS.is_dir(), reason="the sample logs of the lab are not here")
def test_a_thousand_failures_are_twenty_incidents(tmp_path: Path) -> None:
    texts = examples()
    assert len(texts) == CAUSES
    failures = [
        occurrence(texts[(number // DAGS + number) % CAUSES], number) for number in range(FAILURES)
    ]
    assert len({one.task.dag_id for one in failures}) == DAGS
    told = Told()
    with open_incidents(str(tmp_path / "s.db")) as incidents:
        for start in range(0, FAILURES, 100):
            incidents.record(failures[start : start + 100])
            deliver(Outbox(incidents, most_an_hour=10_000), [told])
        check(incidents, failures)
    assert len(told.notices) <= 60
    assert Counter(n.reason for n in told.notices)["new"] <= CAUSES + 1


def check(incidents: Incidents, failures: list[Occurrence]) -> None:
    found = incidents.find(Query(members=True, limit=500)).incidents
    assert abs(len(found) - CAUSES) <= 1
    assert sum(one.count for one in found) == FAILURES
    expected = Counter(one.fingerprint for one in failures)
    assert {one.fingerprint: one.count for one in found} == dict(expected)
    for one in found:
        its = [failure.task for failure in failures if failure.fingerprint == one.fingerprint]
        assert one.dags == len({task.dag_id for task in its})
        assert one.tasks == len({(task.dag_id, task.task_id) for task in its})
        assert one.runs == len({(task.dag_id, task.run_id) for task in its})
