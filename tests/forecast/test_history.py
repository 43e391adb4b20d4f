"""Reading runs and events: what is odd is named by row and column, or has a stated fall-back."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from dagnosis.errors import UnreadableInput, WrongUse
from dagnosis.forecast import batch
from dagnosis.forecast.history import Outcome, Request, Table, Trouble

HEAD = "run_uid,dag_id,task_id,submit_time,start_time,end_time,state,priority\n"
GOOD = "a,d,t,2026-01-01 00:00:00,2026-01-01 00:01:00,2026-01-01 00:05:00,failed,3\n"


def table(tmp_path: Path, text: str, name: str = "runs.csv") -> Table:
    path = tmp_path / name
    path.write_text(text)
    return Table(path)


def test_a_row_is_a_request_and_an_outcome(tmp_path: Path) -> None:
    request, outcome = table(tmp_path, HEAD + GOOD).events()
    assert isinstance(request, Request)
    assert request == Request("a", "d", "t", 1767225600.0, priority=3.0)._replace(
        req_cpus=request.req_cpus, req_mem=request.req_mem, req_time=request.req_time
    )
    assert math.isnan(request.req_cpus)
    assert outcome == Outcome("a", 1767225900.0, 1, 240.0)


@pytest.mark.parametrize(
    ("state", "label"),
    [("success", 0), ("failed", 1), ("up_for_retry", 1), ("upstream_failed", -1), ("SKIPPED", -1),
     ("removed", -1)],
)  # fmt: skip
def test_states(tmp_path: Path, state: str, label: int) -> None:
    made = table(tmp_path, HEAD + GOOD.replace("failed", state))
    assert [event.label for event in made.events() if isinstance(event, Outcome)] == [label]
    assert batch.load(made).label.tolist() == [label]


def test_unfinished_runs_have_no_outcome(tmp_path: Path) -> None:
    made = table(tmp_path, HEAD + GOOD.replace("failed", "running"))
    assert [type(event) for event in made.events()] == [Request]
    assert batch.load(made).known.tolist() == [batch.NEVER]


def test_an_unknown_state_is_no_label_and_is_noted(tmp_path: Path) -> None:
    trouble = Trouble()
    made = table(tmp_path, HEAD + GOOD.replace("failed", "exploded"))
    assert [e.label for e in made.events(trouble) if isinstance(e, Outcome)] == [-1]
    assert "row 1, state 'exploded'" in trouble.lines()[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("run_uid,state\na,failed\n", "lacks the columns dag_id, submit_time"),
        (HEAD + GOOD + GOOD.replace("a,", "b,", 1).replace("2026-01-01 00:00:00", "yesterday"),
         "row 2: submit_time is 'yesterday', which is no time"),
        (HEAD + GOOD.replace(",3", ",high"), "row 1: priority is 'high', which is no number"),
        (HEAD + GOOD + ",d,t,2026-01-01,,,failed,\n", "row 2: run_uid is empty"),
        (HEAD + GOOD + "b,,t,2026-01-01,,,failed,\n", "row 2: dag_id is empty"),
        (HEAD + GOOD + "b,d,t,,,,failed,\n", "row 2: submit_time is empty"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(tmp_path: Path, text: str, says: str) -> None:
    made = table(tmp_path, text)
    with pytest.raises(UnreadableInput, match=says):
        list(made.events())
    with pytest.raises(UnreadableInput, match=says):
        batch.load(made)


def test_an_id_that_stands_twice(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="row 3: run_uid 'a' stands twice"):
        batch.load(table(tmp_path, HEAD + GOOD + GOOD.replace("a,", "b,", 1) + GOOD))


def test_a_kind_of_event_that_is_none(tmp_path: Path) -> None:
    text = "kind,time,run_uid,dag_id\nrequest,2026-01-01,a,d\nmiracle,2026-01-01,a,d\n"
    with pytest.raises(UnreadableInput, match="row 2: kind is 'miracle'"):
        list(table(tmp_path, text).events())
    with pytest.raises(UnreadableInput, match="stream of events"):
        batch.load(table(tmp_path, text))


def test_files(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="no such file"):
        Table(tmp_path / "none.csv")
    with pytest.raises(WrongUse, match=r"read from \.parquet"):
        table(tmp_path, "x", "runs.xlsx")
    with pytest.raises(UnreadableInput, match=r"bad\.parquet"):
        table(tmp_path, "no parquet", "bad.parquet")


def test_an_empty_table(tmp_path: Path) -> None:
    made = table(tmp_path, HEAD)
    assert list(made.events()) == []
    assert len(batch.load(made)) == 0
    assert batch.matrix(batch.load(made)).shape[0] == 0
