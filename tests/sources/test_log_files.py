"""Logs in folders: found, appended, packed, and never from elsewhere."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.model import TaskRef
from dagnosis.sources.checks import check_log_source
from dagnosis.sources.log_files import LogFolder

LOAD = TaskRef("orders", "r1", "load", -1, 2)
PART = TaskRef("orders", "r1", "part", 0, 1)


def put(root: Path, below: str, text: str | bytes) -> Path:
    path = root / below
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "logs"
    put(root, "dag_id=orders/run_id=r1/task_id=load/attempt=1.log", '{"event":"first"}\n')
    put(
        root,
        "dag_id=orders/run_id=r1/task_id=load/attempt=2.log",
        '{"event":"amount is missing"}\n',
    )
    put(
        root,
        "dag_id=orders/run_id=r1/task_id=part/map_index=0/attempt=1.log.gz",
        gzip.compress(b"ValueError: x\n"),
    )
    put(root, "dag_id=orders/run_id=r1/task_id=empty/attempt=1.log", "")
    put(root, "dag_processor/2026-11-26/dags-folder/orders.py.log", "parsed\n")
    return root


def test_it_keeps_the_contract(folder: Path) -> None:
    known = {LOAD: "amount is missing", PART: "ValueError"}
    missing = [
        TaskRef("orders", "r1", "empty"),
        TaskRef("orders", "r1", "part"),
        TaskRef("a", "b", "c"),
    ]
    check_log_source(LogFolder(folder), known, missing)


def test_every_try_is_found(folder: Path) -> None:
    found = list(LogFolder(folder).walk())
    assert [one.task for one in found] == [
        TaskRef("orders", "r1", "empty"), TaskRef("orders", "r1", "load", -1, 1), LOAD, PART,
    ]  # fmt: skip
    assert found[2].size == 30
    assert found[2].modified is not None


def test_what_triggers_wrote_is_appended(folder: Path) -> None:
    put(folder, "dag_id=d/run_id=r/task_id=t/attempt=1.log", "deferring")
    put(folder, "dag_id=d/run_id=r/task_id=t/attempt=1.log.trigger.7.log", "the trigger fired\n")
    put(folder, "dag_id=d/run_id=r/task_id=t/attempt=1.log.trigger.9.log", "TriggerFailure: gone\n")
    put(folder, "dag_id=d/run_id=r/task_id=t/attempt=11.log.trigger.9.log", "another try\n")
    log = LogFolder(folder).read(TaskRef("d", "r", "t"))
    assert log is not None
    assert log.lines == ["deferring", "the trigger fired", "TriggerFailure: gone"]
    assert TaskRef("d", "r", "t") in [one.task for one in LogFolder(folder).walk()]


def test_links_do_not_lead_out(folder: Path, tmp_path: Path) -> None:
    outside = put(tmp_path, "secret.txt", "root:x:0:0\n")
    task = folder / "dag_id=orders/run_id=r1/task_id=evil"
    task.mkdir()
    (task / "attempt=1.log").symlink_to(outside)
    (folder / "dag_id=evil").symlink_to(tmp_path)
    put(tmp_path, "run_id=r/task_id=t/attempt=1.log", "secret\n")
    (task / "attempt=2.log").symlink_to(task / "attempt=2.log")
    put(folder, "dag_id=d/run_id=r/task_id=t/attempt=1.log", "fine\n")
    (folder / "dag_id=d/run_id=r/task_id=t/attempt=1.log.trigger.1.log").symlink_to(outside)
    logs = LogFolder(folder)
    for number in (1, 2):
        assert logs.read(TaskRef("orders", "r1", "evil", -1, number)) is None
    assert logs.read(TaskRef("evil", "r", "t")) is None
    assert logs.read(TaskRef("../..", "r", "t")) is None
    fine = logs.read(TaskRef("d", "r", "t"))
    assert fine is not None
    assert fine.lines == ["fine"]
    assert not {"evil"} & {one.task.dag_id for one in logs.walk()}
    (tmp_path / "link").symlink_to(folder)  # the folder itself may be a link
    assert LogFolder(tmp_path / "link").read(LOAD) is not None


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="no such folder"):
        LogFolder(tmp_path / "none")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_log_that_may_not_be_read(folder: Path) -> None:
    (folder / "dag_id=orders/run_id=r1/task_id=load/attempt=2.log").chmod(0)
    with pytest.raises(UnreadableInput, match="permission denied"):
        LogFolder(folder).read(LOAD)


def test_another_template(tmp_path: Path) -> None:
    put(tmp_path, "orders/load/2026-11-26T00:00:00+00:00/1.log", "KeyError: 'x'\n")
    template = "{{ ti.dag_id }}/{{ ti.task_id }}/{{ ts }}/{{ try_number }}.log"
    log = LogFolder(tmp_path, template).read(
        TaskRef("orders", "scheduled__2026-11-26T00:00:00+00:00", "load")
    )
    assert log is not None
