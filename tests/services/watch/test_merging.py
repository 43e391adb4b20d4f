from hypothesis import given
from hypothesis import strategies as st

from dagnosis.model import TaskRef
from dagnosis.services.watch.merging import Feeds, merged, to_look_up
from dagnosis.sources.contract import Attempt, Event
from dagnosis.spool import Hint
from tests.services.watch.table import START, Table

FIRST, SECOND = TaskRef("d", "r", "t", -1, 1), TaskRef("d", "r", "t", -1, 2)


def hint(task: TaskRef) -> Hint:
    return Hint("task_failed", dag_id=task.dag_id, run_id=task.run_id, task_id=task.task_id,
                try_number=task.try_number)  # fmt: skip


def test_a_retried_try_is_looked_up_since_its_row_is_overwritten() -> None:
    row = Attempt(task=SECOND, state="running", updated=START)
    assert to_look_up(Feeds(attempts=(row,)), {}) == [TaskRef("d", "r", "t", -1, 0)]
    assert to_look_up(Feeds(attempts=(row,)), {FIRST: None}) == []


def test_a_first_try_that_runs_or_succeeded_is_not_looked_up() -> None:
    rows = tuple(Attempt(task=FIRST, state=state) for state in ("running", "success", "queued"))
    assert to_look_up(Feeds(attempts=rows), {}) == []


def test_hints_and_events_are_looked_up_unless_known() -> None:
    event = Event(id=1, when=START, event="heartbeat timeout", dag_id="d", run_id="r", task_id="t",
                  try_number=1)  # fmt: skip
    feeds = Feeds(events=(event,), hints=(hint(FIRST),))
    assert to_look_up(feeds, {}) == [TaskRef("d", "r", "t", -1, 0)]
    assert to_look_up(feeds, {FIRST: None}) == []


def test_an_event_of_a_connection_is_not_about_a_try() -> None:
    event = Event(id=1, when=START, event="failed")
    assert to_look_up(Feeds(events=(event,)), {}) == []


@given(st.permutations(range(6)), st.sampled_from(["hook", "poll", "event"]))
def test_each_try_once_whatever_the_order(order: list[int], first: str) -> None:
    table = Table()
    rows = [table.put(TaskRef("d", "r", f"t{i % 3}", -1, 1), "failed") for i in range(6)]
    rows = [rows[i] for i in order]
    feeds = Feeds(
        attempts=tuple(rows) if first == "poll" else (),
        hints=tuple(hint(row.task) for row in rows) if first == "hook" else (),
    )
    found = merged(rows, feeds)
    assert [one.attempt.task.task_id for one in found] == ["t0", "t1", "t2"]
    assert {one.found_by for one in found} == {first}
    newest = {row.task: row.updated for row in table.last.values()}
    assert {one.attempt.task: one.attempt.updated for one in found} == newest


def test_what_runs_or_waits_is_not_merged() -> None:
    rows = [Attempt(task=FIRST, state=s) for s in ("running", "upstream_failed", "skipped")]
    assert merged(rows, Feeds(attempts=tuple(rows))) == []
