"""Findings about data in a real store of incidents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from dagnosis.data.batch import Blame, Difference
from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.model import TaskRef
from dagnosis.services.check import Finding
from dagnosis.services.data_incidents import keep

START = datetime(2026, 1, 5, 6, tzinfo=timezone.utc)


@pytest.fixture
def incidents(tmp_path: Path) -> Iterator[Incidents]:
    with open_incidents(str(tmp_path / "store.db")) as opened:
        yield opened


def finding(day: int, *, alarm: bool = True, column: str = "price") -> Finding:
    words = "password=hunter2 the mean is 3, 30 is usual"
    return Finding(
        dataset="orders",
        partition=f"2026-01-{day:02d}",
        run=f"r{day}",
        status="alarm" if alarm else "healthy",
        alarm=alarm,
        summary=f"{column}: the mean is 3, 30 is usual" if alarm else "300 rows",
        score=12.0,
        limit=9.0,
        confidence=0.8,
        batches=60,
        rows=300,
        blamed=(Blame(column, 1.0),) if alarm else (),
        differences=(Difference(column, "mean", 3.0, 30.0, 12.0, words),) if alarm else (),
        task=TaskRef("shop", f"r{day}", "check"),
    )


def test_the_same_column_on_two_days_is_one_incident(incidents: Incidents) -> None:
    for day in (5, 6, 6):
        keep(finding(day), incidents, START + timedelta(days=day))
    keep(finding(7, column="tax"), incidents, START + timedelta(days=7))
    page = incidents.find(Query(kinds=("data",), order="count"))
    assert [(one.count, one.kind) for one in page.incidents] == [(2, "data"), (1, "data")]
    first = page.incidents[0]
    assert first.title == "orders: price: the mean is 3, 30 is usual"
    assert "hunter2" not in first.message
    assert "dagnosis accept" in first.fix[1]
    (kept,) = incidents.of_run("shop", "r6")
    assert (kept.kind, kept.subject, kept.found_by) == ("data", "orders", "check")


def test_a_task_that_succeeds_says_nothing_of_its_data(incidents: Incidents) -> None:
    """In mode warn the task of an alarm succeeds; only a healthy batch resolves it."""
    keep(finding(5), incidents, START)
    assert incidents.green("shop", "check", START + timedelta(minutes=1)) == []
    assert incidents.find(Query(states=("open",))).total == 1
    keep(finding(6, alarm=False), incidents, START + timedelta(days=1))
    assert incidents.find(Query(states=("open",))).total == 0


def test_nothing_to_count(incidents: Incidents) -> None:
    keep(msgspec.structs.replace(finding(5), task=None), incidents, START)
    keep(msgspec.structs.replace(finding(5), status="learning", alarm=False), incidents, START)
    assert incidents.find(Query()).total == 0
