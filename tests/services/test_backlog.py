"""Old logs: parted by task, classified by any number of workers, resolved where they were well later."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.incidents.contract import Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.outbox import Outbox
from dagnosis.model import TaskRef
from dagnosis.services.backlog import PARTS, Classified, OldLog, classify, listed, parted, settle
from dagnosis.sources.contract import RunHistory
from dagnosis.sources.log_files import LogFolder
from dagnosis.sources.log_paths import Found

DAY = datetime(2026, 11, 20, tzinfo=timezone.utc)
BAD = (
    '{{"timestamp":"{0}","level":"info","event":"::group::Pre task execution logs","logger":"task"}}\n'
    '{{"timestamp":"{0}","level":"error","event":"Task failed with exception","logger":"task",'
    '"error_detail":[{{"exc_type":"ModuleNotFoundError","exc_value":"No module named \'pandas\'",'
    '"exc_notes":[],"syntax_error":null,"is_cause":false,"frames":[],"is_group":false,"exceptions":[]}}]}}\n'
)
GOOD = '{{"timestamp":"{0}","level":"info","event":"Done. Returned value was: None","logger":"task"}}\n'


@pytest.fixture
def incidents(tmp_path: Path) -> Iterator[Incidents]:
    with open_incidents(str(tmp_path / "store.db")) as opened:
        yield opened


def put(root: Path, dag: str, day: int, text: str, task: str = "load", number: int = 1) -> Path:
    when = DAY + timedelta(days=day, minutes=number)
    path = root / f"dag_id={dag}/run_id=r{day}/task_id={task}/attempt={number}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.format(when.isoformat()), "utf-8")
    os.utime(path, (when.timestamp(), when.timestamp()))
    return path


def no_history() -> RunHistory:
    raise AssertionError("a folder lists its logs itself")


def parts_of(logs: LogFolder, days: int = 100) -> list[list[OldLog]]:
    found = listed(logs, no_history, DAY - timedelta(days=days))
    return parted(found, DAY + timedelta(days=100), size=2)


def test_failures_are_counted_and_nobody_is_told(tmp_path: Path, incidents: Incidents) -> None:
    root = tmp_path / "logs"
    put(root, "orders", 0, BAD, number=1)
    put(root, "orders", 0, BAD, number=2)
    put(root, "orders", 1, BAD)
    put(root, "stock", 1, BAD)
    put(root, "sums", 1, GOOD)
    logs = LogFolder(root)
    parts = parts_of(logs)
    assert [len(part) for part in parts] == [3, 2]
    handed_on = [msgspec.convert(msgspec.to_builtins(part), list[OldLog]) for part in parts]
    first_part, second_part = (classify(part, logs, incidents) for part in handed_on)
    assert first_part == Classified(logs=3, failed=3, new=3)
    assert second_part == Classified(logs=2, failed=1, new=1)
    (one,) = incidents.find(Query()).incidents
    assert (one.count, one.tasks, one.dags, one.state) == (4, 2, 2, "open")
    assert one.detail == "missing_dependency.module_not_found"
    first = incidents.occurrence(TaskRef("orders", "r0", "load", -1, 1))
    assert first is not None
    assert (first.final, first.found_by, first.occurred) == (
        False, "file", DAY + timedelta(minutes=1),
    )  # fmt: skip
    assert Outbox(incidents).fill(["webhook"]) == 0
    assert [entry.what for entry in incidents.timeline(one.id)][:1] == ["new"]


def test_again_counts_nothing_twice(tmp_path: Path, incidents: Incidents) -> None:
    put(tmp_path / "logs", "orders", 0, BAD)
    logs = LogFolder(tmp_path / "logs")
    (part,) = parts_of(logs)
    assert classify(part, logs, incidents).new == 1
    assert classify(part, logs, incidents) == Classified(logs=1, failed=1, new=0)


def test_what_was_well_later_is_resolved_and_quietly(tmp_path: Path, incidents: Incidents) -> None:
    root = tmp_path / "logs"
    put(root, "orders", 0, BAD)
    for day in (1, 2, 3):  # three successes in a row make a task well
        put(root, "orders", day, GOOD)
    put(root, "stock", 0, GOOD)
    put(root, "stock", 1, BAD, task="count")
    logs = LogFolder(root)
    done = [classify(part, logs, incidents) for part in parts_of(logs)]
    assert [len(one.well) for one in done] == [3, 0]
    # stock.count is still broken by the same
    assert settle([well for one in done for well in one.well], incidents) == 0
    for day in (2, 3, 4):
        put(root, "stock", day, GOOD, task="count")
    done = [classify(part, logs, incidents) for part in parts_of(logs)]
    assert settle([well for one in done for well in one.well], incidents) == 1
    (one,) = incidents.find(Query()).incidents
    assert one.state == "resolved"
    assert Outbox(incidents).fill(["webhook"]) == 0


def test_a_log_that_cannot_be_read_costs_itself_alone(tmp_path: Path, incidents: Incidents) -> None:
    root = tmp_path / "logs"
    damaged = put(root, "orders", 0, BAD)
    packed = damaged.with_name("attempt=1.log.gz")
    packed.write_bytes(gzip.compress(BAD.encode())[:20])
    damaged.unlink()
    put(root, "orders", 1, BAD)
    logs = LogFolder(root)
    late = DAY + timedelta(days=100000)
    (part,) = parted(listed(logs, no_history, DAY - timedelta(days=1)), late)
    counts = classify(part, logs, incidents)
    assert (counts.logs, counts.unreadable, counts.new) == (2, 1, 1)


def test_old_and_young_logs_are_left_out(tmp_path: Path) -> None:
    root = tmp_path / "logs"
    for day in range(5):
        put(root, "orders", day, BAD)
    found = listed(LogFolder(root), no_history, DAY + timedelta(days=1))
    (part,) = parted(found, DAY + timedelta(days=3))
    assert [old.run_id for old in part] == ["r1", "r2"]


def test_no_logs_no_parts() -> None:
    assert parted([], DAY) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 40), st.integers(1, 3), st.integers(1, 10_000)),
        max_size=80,
    ),
    st.integers(1, 30),
    st.integers(1, 100),
)
def test_each_log_is_in_one_part_and_each_task_too(
    rows: list[tuple[int, int, int, int]], size: int, most: int
) -> None:
    found = {
        TaskRef(f"d{dag}", f"r{run}", "t", -1, number): DAY - timedelta(seconds=ago)
        for dag, run, number, ago in rows
    }
    parts = parted(
        [Found(task, "", 1, when) for task, when in found.items()], DAY, size=size, most=most
    )
    every = [old for part in parts for old in part]
    assert len(every) == len({old.task for old in every}) == min(len(found), most)
    assert len(parts) <= PARTS
    for part in parts:
        for dag in {old.dag_id for old in part}:
            assert [p for p in parts if any(old.dag_id == dag for old in p)] == [part]
            times = [old.modified for old in part if old.dag_id == dag]
            assert times == sorted(times)
        assert len(part) <= size or len({old.dag_id for old in part}) == 1
