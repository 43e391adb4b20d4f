"""A history from a source of runs, and from what we found ourselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec

from dagnosis.forecast.facts import place, read
from dagnosis.forecast.history import Outcome, Table
from dagnosis.incidents.contract import Occurrence
from dagnosis.model import TaskRef
from dagnosis.services.history import fact, pull_from, remember
from dagnosis.sources.contract import Attempt, DagVersion, Event, RunHistory

START = datetime(2026, 11, 1, tzinfo=timezone.utc)


def attempt(task: str, number: int, state: str, minute: int, ended: bool = True) -> Attempt:
    began = START + timedelta(minutes=minute)
    end = began + timedelta(minutes=1)
    return Attempt(
        task=TaskRef("etl", "r1", task, -1, number), state=state, owner="ana", pool="p",
        operator="Bash", priority=3, queued=began, started=began, ended=end if ended else None,
        updated=end, dag_version="2",
    )  # fmt: skip


class Kept:
    """A source in memory that keeps the contract of `RunHistory` as far as a history asks."""

    name = "memory"

    def __init__(self) -> None:
        self.tried = [
            attempt("load", 1, "failed", 0),
            attempt("load", 2, "success", 5),
            attempt("report", 1, "upstream_failed", 6),
            attempt("waits", 1, "running", 7, ended=False),
        ]
        self.asked: list[datetime] = []

    def attempts(self, since: datetime, until: datetime | None = None) -> Iterator[Attempt]:
        self.asked.append(since)
        last = {one.task.task_id: one for one in self.tried}
        yield from (one for one in last.values() if one.updated and one.updated >= since)

    def tries(self, task: TaskRef) -> list[Attempt]:
        return [one for one in self.tried if one.task.task_id == task.task_id]

    def versions(self, dag_id: str) -> list[DagVersion]:
        return [
            DagVersion(dag_id=dag_id, version="2", created=START),
            DagVersion(dag_id=dag_id, version="1"),
        ]

    def events(self, after: int = 0, since: datetime | None = None) -> Iterator[Event]:
        for number, event in enumerate(("failed", "patch_task_instance", "cli_task_run")):
            when = START + timedelta(minutes=number)
            yield Event(id=number, when=when, event=event, dag_id="etl")
        yield Event(id=9, when=START, event="post_variables")


def source() -> RunHistory:
    made: object = Kept()
    return made  # type: ignore[return-value]  # what a history never asks for is left out


def test_every_try_comes_in_once(tmp_path: Path) -> None:
    runs, kept = tmp_path / "runs.parquet", source()
    done = pull_from(kept, runs)
    assert done == pull_from(kept, runs) == (4, 4, 3)
    events = list(Table(runs).events())
    assert len(events) == 7  # four requests; one still runs
    labels = [event.label for event in events if isinstance(event, Outcome)]
    assert sorted(labels) == [-1, 0, 1]
    assert sorted(one.kind for one in read(place(runs))) == ["change", "touch", "touch"]


def test_only_what_is_new_is_asked_for(tmp_path: Path) -> None:
    kept = Kept()
    runs = tmp_path / "runs.parquet"
    made: RunHistory = kept  # type: ignore[assignment]
    pull_from(made, runs)
    pull_from(made, runs)
    assert kept.asked[0].year == 1970
    assert kept.asked[1] == START + timedelta(minutes=7) - timedelta(days=1)


FAILURE = Occurrence(
    task=TaskRef("etl", "r1", "load"), occurred=START, found_by="poll", fingerprint="f",
    cause="network", detail="network.refused", title="refused", confidence=0.9,
    transience="transient",
)  # fmt: skip


def test_what_we_found_are_facts(tmp_path: Path) -> None:
    def made(**changes: object) -> str | None:
        found = fact(msgspec.structs.replace(FAILURE, **changes))
        return found.kind if found else None

    assert made() == "transient"
    assert made(transience="permanent") == "permanent"
    assert made(transience="unknown") is None
    assert made(kind="data") == "finding"
    assert made(kind="import") is None
    assert made(kind="data", task=TaskRef("", "", "")) is None
    assert remember(tmp_path / "runs.parquet", [FAILURE, FAILURE]) == 1
