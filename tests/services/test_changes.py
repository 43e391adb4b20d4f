"""What changed since the last green run: found in few questions, the likeliest first, redacted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.logs.reading import LogText, read_text
from dagnosis.model import TaskRef
from dagnosis.services.changes import what_changed
from dagnosis.services.differences import Side, differences, stated_versions
from dagnosis.sources.contract import (
    AssetEvent,
    Attempt,
    BrokenDag,
    DagVersion,
    Event,
    Run,
    RunHistory,
)

START = datetime(2026, 11, 1, 4, 0, tzinfo=timezone.utc)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def attempt(hour: float, state: str = "success", task: str = "load", **changes: Any) -> Attempt:
    begun = START + hour * HOUR + changes.pop("after", 10) * MINUTE
    lasted = changes.pop("lasted", 1) * MINUTE
    made = Attempt(
        task=TaskRef("orders", f"r{hour:g}", task),
        state=state,
        started=begun,
        ended=begun + lasted,
        hostname="w1",
        operator="PythonOperator",
        dag_version="3",
    )
    return msgspec.structs.replace(made, **changes)


class History:
    """A `RunHistory` of what it was given, that counts what it is asked."""

    name = "memory"

    def __init__(self, *attempts: Attempt, **rest: Any) -> None:
        self.all = attempts
        self.rest = rest
        self.asked: Counter[str] = Counter()

    def now(self) -> datetime:
        return START + 100 * HOUR

    def attempts(self, since: datetime, until: datetime | None = None) -> Iterator[Attempt]:
        raise AssertionError("not bounded")

    def runs(self, since: datetime, until: datetime | None = None) -> Iterator[Run]:
        raise AssertionError("not bounded")

    def tries(self, task: TaskRef) -> list[Attempt]:
        return [one for one in self.all if one.task.run_id == task.run_id]

    def of_run(self, dag_id: str, run_id: str) -> list[Attempt]:
        self.asked["of_run"] += 1
        return [one for one in self.all if one.task.run_id == run_id]

    def of_dag(self, dag_id: str, limit: int = 50) -> list[Run]:
        self.asked["of_dag"] += 1
        hours = sorted({float(one.task.run_id[1:]) for one in self.all}, reverse=True)
        return [
            Run(
                dag_id="orders",
                run_id=f"r{h:g}",
                state="",
                run_type="scheduled",
                run_after=START + h * HOUR,
            )
            for h in hours
        ][:limit]

    def events(self, after: int = 0, since: datetime | None = None) -> Iterator[Event]:
        self.asked["events"] += 1
        return iter(self.rest.get("events", ()))

    def broken_dags(self) -> list[BrokenDag]:
        return []

    def asset_events(self, since: datetime) -> Iterator[AssetEvent]:
        self.asked["asset_events"] += 1
        return iter(self.rest.get("assets", ()))

    def versions(self, dag_id: str, limit: int = 50) -> list[DagVersion]:
        self.asked["versions"] += 1
        return list(self.rest.get("versions", ()))

    def running(self) -> list[Attempt]:
        return []

    def close(self) -> None:
        pass


RED = TaskRef("orders", "r5", "load")


def texts(history: RunHistory) -> dict[str, str]:
    return {change.kind: change.text for change in what_changed(history, RED)}


def test_everything_that_changed() -> None:
    history = History(
        attempt(3),
        attempt(3, task="extract", after=0, lasted=1),
        attempt(4, "failed"),
        attempt(5, task="extract", after=0, lasted=8),
        attempt(5, "failed", dag_version="4", hostname="w2", operator="BashOperator", bundle_version="b" * 40),
        versions=[
            DagVersion(dag_id="orders", version="4", created=START + 3.5 * HOUR, source="a = 2\nb = 1\n"),
            DagVersion(dag_id="orders", version="3", source="a = 1\nb = 1\n", bundle_version="a" * 40),
        ],
        events=[
            Event(id=1, when=START, event="patch_connection", extra='{"connection_id": "old"}'),
            Event(id=2, when=START + 4 * HOUR, event="patch_connection", owner="ann",
                  extra='{"connection_id": "warehouse", "password": "hunter2secret"}'),
            Event(id=3, when=START + 4 * HOUR, event="post_variable", extra='{"key": "limit"}'),
            Event(id=4, when=START + 4 * HOUR, event="running"),
        ],
        assets=[
            AssetEvent(id=1, uri="s3://in", when=START + 3 * HOUR, extra='{"rows": 100, "same": 1}'),
            AssetEvent(id=2, uri="s3://in", when=START + 5 * HOUR, extra='{"rows": 0, "same": 1}'),
        ],
    )  # fmt: skip
    changes = what_changed(history, RED)
    found = [(change.kind, change.text) for change in changes]
    assert found == [
        ("version", "orders went from version 3 to 4"),
        ("version", f"the bundle went from {'a' * 12} to {'b' * 12}"),
        ("code", "the code of orders changed: +1 -1 lines"),
        ("connection", "connection warehouse: patch_connection by ann"),
        ("variable", "variable limit: post_variable"),
        ("data", "s3://in: rows was 100, now 0"),
        ("duration", "extract took 0:08:00, before 0:01:00"),
        ("host", "hostname was w1, now w2"),
        ("operator", "operator was PythonOperator, now BashOperator"),
    ]
    (code,) = [change for change in changes if change.kind == "code"]
    assert "-a = 1\n+a = 2" in code.detail
    assert "hunter2secret" not in str(changes)


def test_few_questions_are_asked() -> None:
    history = History(
        *(attempt(hour, "failed") for hour in range(6)),
        *(attempt(-h, "failed") for h in range(1, 60)),
    )
    assert what_changed(history, RED) == []
    assert history.asked["of_run"] <= 16
    assert sum(history.asked.values()) <= 20


def test_no_green_run_or_no_such_try() -> None:
    assert what_changed(History(attempt(5, "failed")), RED) == []
    assert what_changed(History(attempt(5)), TaskRef("orders", "r5", "other")) == []
    assert what_changed(History(attempt(-24 * 30), attempt(5, "failed")), RED) == [], "too long ago"


def test_nothing_changed() -> None:
    assert texts(History(attempt(4), attempt(5, "failed"))) == {}


def test_versions_that_logs_state() -> None:
    class Logs:
        name = "memory"

        def read(self, task: TaskRef) -> LogText | None:
            version = {"r4": "2.1.0", "r5": "2.2.0"}[task.run_id]
            return read_text(
                f"Collected pandas=={version}\nPulling image acme/etl:{version}\nDone", "x"
            )

        def close(self) -> None:
            pass

    changes = what_changed(History(attempt(4), attempt(5, "failed")), RED, Logs())
    assert [(c.kind, c.text) for c in changes] == [
        ("package", "pandas went from 2.1.0 to 2.2.0"),
        ("image", "image acme/etl went from 2.1.0 to 2.2.0"),
    ]


def test_secrets_in_code_do_not_leave() -> None:
    versions = [
        DagVersion(dag_id="orders", version="3", source="x = 1"),
        DagVersion(dag_id="orders", version="4", source='x = "postgres://u:hunter2secret@h/d"'),
    ]
    side = Side(attempt=attempt(1))
    red = Side(attempt=attempt(2, dag_version="4"))
    assert "hunter2secret" not in str(differences(side, red, versions))


@given(st.lists(st.text(max_size=200), max_size=5))
def test_any_lines_state_versions_or_none(lines: list[str]) -> None:
    assert all(isinstance(version, str) for version in stated_versions(lines).values())


@given(st.text(max_size=50), st.text(max_size=50), st.text(max_size=50))
def test_any_extra_of_events_is_taken(extra: str, event: str, source: str) -> None:
    events = [Event(id=1, when=START + 2 * HOUR, event=f"patch_connection {event}", extra=extra)]
    assets = [AssetEvent(id=1, uri="a", when=START, extra=extra)]
    versions = [
        DagVersion(dag_id="orders", version=v, source=source * n) for n, v in enumerate("34")
    ]
    found = differences(
        Side(attempt=attempt(1), assets=assets),
        Side(attempt=attempt(3, dag_version="4"), assets=assets),
        versions,
        events,
    )
    assert found
