"""Incidents are counted exactly, whoever records how often and in which order."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.errors import WrongUse
from dagnosis.incidents.contract import Change, Incident, IncidentStore, Occurrence, Query
from dagnosis.incidents.incidents import Incidents, open_incidents
from dagnosis.incidents.store import open_store
from dagnosis.model import TaskRef
from tests.incidents.making import START, emptied, failed, remembered

HOUR = timedelta(hours=1)


def one(incidents: Incidents, query: Query | None = None) -> Incident:
    (found,) = incidents.find(query or Query()).incidents
    return found


# ---------------------------------------------------------------- recording


def test_it_keeps_the_contract(incidents: Incidents) -> None:
    kept: IncidentStore = incidents
    assert kept.record([]) == []


def test_a_failure_in_other_dags_is_one_incident(incidents: Incidents) -> None:
    batch = [failed(n, dag=f"dag-{n % 4}", run=f"run-{n // 4}") for n in range(12)]
    first, *others = incidents.record(batch)
    assert (first.transition, first.known) == ("new", False)
    assert {found.incident_id for found in others} == {first.incident_id}
    found = one(incidents)
    assert (found.count, found.tasks, found.runs, found.dags) == (12, 4, 12, 4)
    assert (found.first_seen, found.last_seen) == (batch[0].occurred, batch[-1].occurred)
    assert (found.first_failed, found.last_failed) == (batch[0].task, batch[-1].task)
    assert (found.title, found.quote, found.fix) == (
        batch[0].title, batch[0].quote, batch[0].fix,
    )  # fmt: skip


def test_a_try_counts_once(incidents: Incidents) -> None:
    again = [failed(1), failed(1, found_by="hook", fingerprint="other"), failed(2)]
    first = incidents.record(again)
    second = incidents.record(again[::-1])
    assert [found.known for found in first] == [False, True, False]
    assert [found.known for found in second] == [True, True, True]
    assert {found.incident_id for found in first + second} == {one(incidents).id}
    assert one(incidents).count == 2


def test_tries_maps_and_kinds_are_told_apart(incidents: Incidents) -> None:
    batch = [
        failed(1),
        failed(1, try_number=2),
        failed(1, map_index=3),
        failed(1, kind="late"),
        failed(1, kind="data", subject="s3://lake/orders"),
        failed(1, kind="data", subject="s3://lake/rates"),
    ]
    assert not any(found.known for found in incidents.record(batch))
    counted = {found.kind: found.count for found in incidents.find(Query()).incidents}
    assert counted == {"failure": 3, "late": 1, "data": 2}
    for occurrence in batch[:4]:
        assert incidents.occurrence(occurrence.task, occurrence.kind) == occurrence


def test_all_or_nothing(incidents: Incidents) -> None:
    wrong = failed(2, occurred=datetime(2026, 11, 1))
    with pytest.raises((TypeError, ValueError)):
        incidents.record([failed(1), wrong])
    assert incidents.find(Query()).total == 0


def test_a_timeline_begins_with_a_try_that_was_heard_of_later(incidents: Incidents) -> None:
    incidents.record([failed(9)])
    incidents.record([failed(n, dag=f"dag-{n}") for n in range(5)])
    entries = [(entry.when, entry.what) for entry in incidents.timeline(1)]
    assert entries[0] == (failed(0).occurred, "new")
    assert one(incidents).first_seen == failed(0).occurred
    assert entries == sorted(entries, key=lambda entry: entry[0])


def test_the_best_answer_is_shown(incidents: Incidents) -> None:
    incidents.record([failed(1, confidence=0.4, title="Perhaps"), failed(2, confidence=0.9)])
    incidents.record([failed(3, confidence=0.7, title="Maybe")])
    assert (one(incidents).title, one(incidents).confidence) == (failed().title, 0.9)


def test_texts_are_kept_of_the_first_and_the_newest(incidents: Incidents) -> None:
    batch = [failed(n, message=f"number {n}", confidence=0.5 if n else 0.9) for n in range(20)]
    for occurrence in batch:
        incidents.record([occurrence])
    assert incidents.occurrence(batch[0].task) == batch[0]
    assert incidents.occurrences(1)[:5] == batch[:-6:-1]
    middle = incidents.occurrence(batch[10].task)
    assert middle is not None
    assert (middle.task, middle.message) == (batch[10].task, "number 0")
    assert len(incidents.occurrences(1)) == 20
    assert [found.task for found in incidents.occurrences(1, limit=2, before=batch[5].occurred)] == [
        batch[4].task, batch[3].task,
    ]  # fmt: skip


def test_what_failed_in_a_run_the_first_one_first(incidents: Incidents) -> None:
    batch = [
        failed(9, run="r", task_id="late"),
        failed(3, run="r", task_id="early"),
        failed(4, run="r", dag="another"),
        failed(5, run="other"),
    ]
    incidents.record(batch)
    assert incidents.of_run("orders", "r") == [batch[1], batch[0]]
    assert incidents.of_run("orders", "none") == []


@pytest.mark.parametrize(
    "text", ["\0", "a\0b\ud800", "'; DROP TABLE incident; --", "%_é\N{SNOWMAN}"]
)
def test_hostile_texts_are_kept(incidents: Incidents, text: str) -> None:
    hostile = failed(
        1, dag=text, run=text, task_id=text, message=text, title=text, fingerprint=text
    )
    incidents.record([hostile, hostile])
    incidents.note(1, text, who=text)
    found = one(incidents, Query(dag_id=text, task_id=text, run_id=text, text=text))
    assert found.count == 1
    assert incidents.of_task(hostile.task) == found
    assert one(incidents, Query(readable=frozenset([text]))) == found


RECORD = """
import sys
from dagnosis.incidents.incidents import open_incidents
from tests.incidents.making import failed
with open_incidents(sys.argv[1]) as incidents:
    for start in range(int(sys.argv[2]), 400, 40):
        incidents.record(
            failed(n, f"f{n % 7}", dag=f"dag-{n % 5}", run=f"run-{n % 11}", map_index=n)
            for n in range(start, min(start + 60, 400))
        )
"""


def test_two_writers_count_exactly(setting: str) -> None:
    arguments = [sys.executable, "-c", RECORD, setting]
    running = [
        subprocess.Popen([*arguments, start], stderr=subprocess.PIPE, text=True)
        for start in ("0", "20", "0")
    ]
    complaints = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], complaints
    with open_incidents(setting) as incidents:
        found = {f.fingerprint: f for f in incidents.find(Query()).incidents}
    assert len(found) == 7
    for number in range(7):
        its = [n for n in range(400) if n % 7 == number]
        seen = found[f"f{number}"]
        assert (seen.count, seen.dags, seen.tasks, seen.runs) == (
            len(its), 5, 5, len({(n % 5, n % 11) for n in its}),
        )  # fmt: skip


# ---------------------------------------------------------------- against a plain model


NAMES = st.sampled_from(["a", "b", "c"])
TRIED = st.builds(
    failed,
    st.integers(0, 300),
    st.sampled_from(["f1", "f2", "f3"]),
    dag=NAMES,
    run=NAMES,
    task_id=NAMES,
    try_number=st.integers(1, 2),
    cause=st.just("data_error"),
    confidence=st.sampled_from([0.2, 0.5, 0.9]),
    blast=st.sampled_from([(), ("x",), ("x", "y")]),
)


def counted(found: Incident) -> dict[str, Any]:
    names = ("count", "tasks", "runs", "dags", "blast", "first_seen", "last_seen", "confidence")
    return {name: getattr(found, name) for name in names}


def expected(occurrences: list[Occurrence]) -> dict[str, dict[str, Any]]:
    """What a list of occurrences, each try once, comes to."""
    kept: dict[TaskRef, Occurrence] = {}
    for occurrence in occurrences:
        kept.setdefault(occurrence.task, occurrence)
    by_fingerprint: dict[str, list[Occurrence]] = {}
    for occurrence in kept.values():
        by_fingerprint.setdefault(occurrence.fingerprint, []).append(occurrence)
    return {
        fingerprint: {
            "count": len(its),
            "tasks": len({(o.task.dag_id, o.task.task_id) for o in its}),
            "runs": len({(o.task.dag_id, o.task.run_id) for o in its}),
            "dags": len({o.task.dag_id for o in its}),
            "blast": sum(len(o.blast) for o in its),
            "first_seen": min(o.occurred for o in its),
            "last_seen": max(o.occurred for o in its),
            "confidence": max(o.confidence for o in its),
        }
        for fingerprint, its in by_fingerprint.items()
    }


@settings(max_examples=40, deadline=None)
@given(batches=st.lists(st.lists(TRIED, max_size=8), max_size=5))
def test_any_batches_are_counted_as_one_would_by_hand(
    two: tuple[Incidents, Incidents], batches: list[list[Occurrence]]
) -> None:
    incidents = emptied(two[0])
    for batch in [*batches, *batches]:
        incidents.record(batch)
    found = {f.fingerprint: counted(f) for f in incidents.find(Query()).incidents}
    assert found == expected([o for batch in batches for o in batch])


@settings(max_examples=40, deadline=None)
@given(
    batches=st.lists(st.lists(TRIED, max_size=6), min_size=1, max_size=3),
    readable=st.sets(NAMES, max_size=3),
    query=st.builds(
        Query,
        dag_id=st.sampled_from(["", "a", "b"]),
        task_id=st.sampled_from(["", "a"]),
        run_id=st.sampled_from(["", "a"]),
        text=st.sampled_from(["", "amount", "a", "nothing"]),
        states=st.sampled_from([(), ("open",), ("resolved", "muted")]),
        causes=st.sampled_from([(), ("data_error",), ("network", "data_error.other")]),
        since=st.sampled_from([None, START + HOUR]),
        until=st.sampled_from([None, START + 3 * HOUR]),
        order=st.sampled_from(["last_seen", "first_seen", "count", "dags"]),
    ),
)
def test_who_may_read_some_dags_sees_as_much_as_if_there_were_no_others(
    two: tuple[Incidents, Incidents],
    batches: list[list[Occurrence]],
    readable: set[str],
    query: Query,
) -> None:
    """Everything that is answered, against a store that never heard of the other DAGs."""
    may = frozenset(readable)
    everything, theirs = map(emptied, two)
    for batch in batches:
        everything.record(batch)
        first: dict[TaskRef, Occurrence] = {}
        for occurrence in batch:
            first.setdefault(occurrence.task, occurrence)
        theirs.record(o for o in first.values() if o.task.dag_id in may)
    seen = everything.find(msgspec.structs.replace(query, readable=may))
    alone = theirs.find(query)
    assert seen.total == alone.total

    def shown(incident: Incident) -> dict[str, Any]:
        values = {**msgspec.structs.asdict(incident), "id": 0}
        if incident.first_failed and incident.last_failed:  # of equal times, either may stand
            values["first_failed"] = values["last_failed"] = None
        return values

    by_name = {f.fingerprint: f for f in seen.incidents}
    assert {n: shown(f) for n, f in by_name.items()} == {
        f.fingerprint: shown(f) for f in alone.incidents
    }
    for f in alone.incidents:
        id_ = by_name[f.fingerprint].id
        assert [o.task for o in everything.occurrences(id_, readable=may)] == [
            o.task for o in theirs.occurrences(f.id)
        ]
        assert {by_name[f.fingerprint].first_failed, by_name[f.fingerprint].last_failed} <= {
            o.task for o in theirs.occurrences(f.id)
        }
        times = [(e.when, e.what) for e in everything.timeline(id_, readable=may)]
        assert times[0] == (f.first_seen, "new")
    until = START + 10 * HOUR
    assert everything.counts(START, until, 600, may) == theirs.counts(START, until, 600)


def test_what_may_not_be_read_is_not_there(incidents: Incidents) -> None:
    incidents.record([failed(1, dag="secret"), failed(2, "f2", dag="mine")])
    incidents.keep_changes(1, [Change(kind="code", text="secret")])
    incidents.note(1, "secret", who="ann")
    mine = frozenset(["mine"])
    secret = incidents.of_task(failed(1, dag="secret").task)
    assert secret is not None
    assert incidents.incident(secret.id, mine) is None
    assert incidents.of_task(failed(1, dag="secret").task, readable=mine) is None
    assert incidents.timeline(secret.id, mine) == []
    assert incidents.changes(secret.id, mine) == []
    assert incidents.occurrences(secret.id, readable=mine) == []
    for query in (Query(dag_id="secret"), Query(text="secret"), Query(run_id="run-1")):
        assert incidents.find(msgspec.structs.replace(query, readable=mine)).total == 0
    assert incidents.find(Query(readable=frozenset())).incidents == ()


# ---------------------------------------------------------------- finding


@pytest.mark.parametrize("order", ["last_seen", "first_seen", "count", "dags"])
@pytest.mark.parametrize("readable", [None, frozenset(["d0", "d1", "d2"])])
def test_pages_have_everything_once(
    incidents: Incidents, order: Any, readable: frozenset[str] | None
) -> None:
    incidents.record(
        failed(n % 5, f"f{m}", dag=f"d{n % 3}", run=f"{m}-{n}")
        for m in range(23)
        for n in range(1 + m % 4)
    )
    questions = (
        Query(),
        Query(text="frame"),
        Query(text="d1", states=("open",)),
        Query(states=("open", "muted"), since=START, until=START + HOUR),
        Query(text="frame", task_id="load", kinds=("failure",)),
    )
    for question in questions:
        query = msgspec.structs.replace(question, order=order, limit=5, readable=readable)
        check_pages(incidents, query, 23 if question.text != "d1" else 17)


def check_pages(incidents: Incidents, query: Query, total: int) -> None:
    pages = [incidents.find(query)]
    while pages[-1].next_cursor:
        pages.append(incidents.find(msgspec.structs.replace(query, cursor=pages[-1].next_cursor)))
    found = [f for page in pages for f in page.incidents]
    assert {len(page.incidents) for page in pages[:-1]} == {5}
    assert {page.total for page in pages} == {total}
    assert len({f.id for f in found}) == len(found) == total
    values = [getattr(f, query.order) for f in found]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("cursor", ["x", "eA", "WyJkYWdzIiwxLDFd", "WzFd", "é", "W" * 5000])
def test_a_foreign_cursor_is_refused(incidents: Incidents, cursor: str) -> None:
    with pytest.raises(WrongUse, match="cursor"):
        incidents.find(Query(cursor=cursor))


def test_filters(incidents: Incidents) -> None:
    incidents.record(
        [
            failed(1),
            failed(60, "f2", cause="network", detail="network.refused", title="50% of_it"),
            failed(200, "f3", kind="import", dag="dags/broken.py", task_id=""),
        ]
    )

    def found(**asked: Any) -> set[str]:
        return {f.fingerprint for f in incidents.find(Query(**asked)).incidents}

    assert found(causes=("network",)) == found(causes=("network.refused",)) == {"f2"}
    assert found(kinds=("import",)) == found(dag_id="dags/broken.py") == {"f3"}
    assert found(text="50% OF_") == {"f2"}
    assert found(text="50x OF_") == found(text="x" * 100_000) == set()
    assert found(text="not in the frame") == found(text="not", states=("open",)) == {"f1", "f3"}
    assert found(text="rde", readable=frozenset(["orders"])) == {"f1", "f2"}
    assert found(text="rde", readable=frozenset(["dags/broken.py"])) == set()
    assert found(text="BROKEN.py") == {"f3"}
    assert found(since=START + HOUR) == {"f2", "f3"}
    assert found(until=START + HOUR) == {"f1"}
    assert found(run_id="run-1", dag_id="orders") == {"f1"}
    assert found(task_id="load") == found(dag_id="orders", task_id="load") == {"f1", "f2"}
    with pytest.raises(WrongUse, match="limit"):
        found(limit=0)


# ---------------------------------------------------------------- counts


def test_counts_over_time(incidents: Incidents) -> None:
    incidents.record(failed(n, f"f{n % 2}", cause=("network", "timeout")[n % 2]) for n in range(90))
    counts = incidents.counts(START, START + HOUR, 1800)
    assert [(c.when - START, c.cause, c.count) for c in counts] == [
        (timedelta(0), "network", 15), (timedelta(0), "timeout", 15),
        (HOUR / 2, "network", 15), (HOUR / 2, "timeout", 15),
    ]  # fmt: skip
    with pytest.raises(WrongUse, match="step_seconds"):
        incidents.counts(START, START + HOUR, 0)
    with pytest.raises(WrongUse, match="steps"):
        incidents.counts(START, START + 9000 * HOUR, 1)


# ---------------------------------------------------------------- handling


class Clock:
    """A clock that is set by hand."""

    def __init__(self, incidents: Incidents) -> None:
        self.time = START + 24 * HOUR
        incidents.now = lambda: self.time


def test_states(incidents: Incidents) -> None:
    clock = Clock(incidents)
    incidents.record([failed(1), failed(2, "f2")])
    assert incidents.set_state([1, 2, 99], "acknowledged", who="ann") == 2
    assert incidents.set_state([1], "acknowledged", who="bob") == 0
    assert incidents.find(Query(states=("acknowledged",))).total == 2
    until = clock.time + HOUR
    assert incidents.set_state([1], "muted", who="ann", until=until) == 1
    assert one(incidents, Query(states=("muted",))).muted_until == until
    clock.time += 2 * HOUR
    assert one(incidents, Query(states=("open",))).state == "open"
    assert one(incidents, Query(states=("open",))).muted_until is None
    assert incidents.find(Query(states=("muted",))).total == 0
    assert incidents.set_state([1], "resolved", who="ann") == 1
    assert incidents.set_state([1], "open", who="ann") == 1
    assert [(e.what, e.who) for e in incidents.timeline(1)] == [
        ("new", ""), ("acknowledged", "ann"), ("muted", "ann"), ("resolved", "ann"),
        ("reopened", "ann"),
    ]  # fmt: skip
    with pytest.raises(WrongUse, match="is over"):
        incidents.set_state([1], "muted", who="ann", until=START)
    with pytest.raises(WrongUse, match="only muted takes a time"):
        incidents.set_state([1], "open", who="ann", until=until)
    with pytest.raises(WrongUse, match="none of"):
        incidents.set_state([1], "gone", who="ann")  # type: ignore[arg-type]


def test_notes_assignees_changes_and_feedback(incidents: Incidents, setting: str) -> None:
    incidents.record([failed(1)])
    incidents.note(1, "seen before", who="ann")
    assert incidents.assign([1, 7], "bob", who="ann") == 1
    assert incidents.assign([1], "bob", who="ann") == 0
    assert one(incidents).assignee == "bob"
    changes = [Change(kind="code", text="orders changed", detail="- a\n+ b", when=START)]
    incidents.keep_changes(1, [Change(kind="host", text="old")])
    incidents.keep_changes(1, changes)
    assert incidents.changes(1) == changes
    assert incidents.changes(1, frozenset(["orders"])) == changes
    with open_store(setting) as store:
        store.remember(remembered(1))
        store.label(remembered(1).id, "correct", "network.refused", who="eve", note="was down")
    entries = [(e.what, e.text, e.who) for e in incidents.timeline(1)]
    assert ("note", "seen before", "ann") in entries
    assert ("assigned", "bob", "ann") in entries
    assert ("corrected", "network.refused: was down", "eve") in entries
    with pytest.raises(WrongUse, match="incident 9"):
        incidents.note(9, "x", who="a")
    with pytest.raises(WrongUse, match="incident 9"):
        incidents.keep_changes(9, [])


def test_diagnoses_are_kept_with_the_tries_that_are(incidents: Incidents, setting: str) -> None:
    with open_store(setting) as store:
        for number in range(12):
            diagnosis = remembered(number, confidence=0.5)
            incidents.record([failed(number, diagnosis_id=diagnosis.id)], [diagnosis])
            if number == 3:
                store.label(diagnosis.id, "confirm", diagnosis.detail, who="ann")
        kept = {row[0] for row in store.rows("SELECT id FROM diagnosis", {})}
    assert kept == {remembered(number).id for number in (0, 3, 7, 8, 9, 10, 11)}


# ---------------------------------------------------------------- cursors


def test_where_a_watch_stands(incidents: Incidents) -> None:
    assert incidents.cursor("airflow") == ""
    incidents.move("airflow", '{"id": 1}')
    incidents.move("airflow", '{"id": 2}')
    incidents.move("other", "x")
    assert incidents.cursor("airflow") == '{"id": 2}'


# ---------------------------------------------------------------- getting well


def greens(incidents: Incidents, hours: list[int], task_id: str = "load") -> list[list[int]]:
    return [incidents.green("orders", task_id, START + hour * HOUR) for hour in hours]


def test_an_incident_is_resolved_when_its_tasks_are_green_again(incidents: Incidents) -> None:
    incidents.record([failed(1), failed(2, task_id="send")])
    assert greens(incidents, [1, 2, 3, 4]) == [[], [], [], []]
    assert greens(incidents, [4, 5], "send") == [[], []]
    assert incidents.green("other", "send", START + 5 * HOUR) == []
    assert greens(incidents, [6], "send") == [[1]]
    assert one(incidents).state == "resolved"
    assert incidents.timeline(1)[-1].what == "resolved"
    assert greens(incidents, [7]) == [[]]


def test_a_failure_between_begins_anew(incidents: Incidents) -> None:
    incidents.record([failed(1)])
    assert greens(incidents, [1, 2]) == [[], []]
    assert greens(incidents, [2, 0]) == [[], []], "told twice, or before it failed"
    incidents.record([failed(150)])
    assert greens(incidents, [3, 4, 5]) == [[], [], [1]]


def test_what_came_back_needs_more_greens(incidents: Incidents) -> None:
    incidents.record([failed(1)])
    assert greens(incidents, [1, 2, 3])[-1] == [1]
    (back,) = incidents.record([failed(240)])
    assert back.transition == "regressed"
    assert one(incidents).novelty == "regressed"
    assert [found for found in greens(incidents, list(range(5, 20))) if found] == [[1]]
    entry = incidents.timeline(1)[-1]
    assert (entry.what, entry.when) == ("resolved", START + 10 * HOUR)


def test_a_file_that_can_be_imported_again_is_resolved_at_once(incidents: Incidents) -> None:
    incidents.record([failed(1, kind="import", dag="dags/a.py", task_id="", run="")])
    assert incidents.green("dags/a.py", "", START + HOUR, "failure") == []
    assert incidents.green("dags/a.py", "", START + HOUR, "import") == [1]


def test_a_later_try_that_succeeds_makes_it_flaky(incidents: Incidents) -> None:
    incidents.record([failed(1), failed(2), failed(1, try_number=2)])
    third = msgspec.structs.replace(failed(1).task, try_number=3)
    assert incidents.recovered(third) == 2
    assert incidents.recovered(third) == 0
    assert one(incidents).novelty == "flaky"
    assert incidents.recovered(TaskRef("nobody", "knows", "it", -1, 4)) == 0


def test_what_nobody_hears_of_any_more_is_resolved(incidents: Incidents) -> None:
    clock = Clock(incidents)
    clock.time = START + timedelta(days=50)
    day, older = 60 * 24, timedelta(days=45)
    old, muted = (found.incident_id for found in incidents.record([failed(0), failed(1, "f2")]))
    incidents.set_state([muted], "muted", who="ann")
    incidents.record([failed(10 * day, "f3")])
    assert incidents.expire(older) == [old]
    assert incidents.expire(older) == []
    entry = incidents.timeline(old)[-1]
    assert (entry.what, entry.text) == ("resolved", "nothing was heard of it for 45 days")
    again = incidents.record([failed(51 * day)])[0]
    assert (again.incident_id, again.transition) == (old, "regressed")
    with pytest.raises(WrongUse, match="a day or more"):
        incidents.expire(timedelta(hours=1))


def test_blast_is_known_later(incidents: Incidents) -> None:
    incidents.record([failed(1), failed(2, dag="other", blast=("z",))])
    for _ in range(2):
        incidents.block(failed(1).task, ["a", "b", "a"])
    assert one(incidents).blast == 3
    assert one(incidents, Query(readable=frozenset(["orders"]))).blast == 2
    kept = incidents.occurrence(failed(1).task)
    assert kept is not None
    assert kept.blast == ("a", "b")
    incidents.block(failed(77).task, ["a"])


# ---------------------------------------------------------------- retention


def test_pruned_occurrences_are_still_counted(incidents: Incidents) -> None:
    clock = Clock(incidents)
    batch = [failed(n * 60, f"f{n % 3}", dag=f"d{n % 2}", cause=f"c{n % 3}") for n in range(400)]
    incidents.record(batch)
    day = START.replace(hour=0, minute=0)
    asked = (day, day + timedelta(days=20), 86_400)
    before = incidents.counts(*asked)
    narrow = incidents.counts(*asked, frozenset(["d1"]))
    clock.time = START + timedelta(days=14)
    pruned = incidents.prune(timedelta(days=5))
    assert pruned.before == day + timedelta(days=9)
    assert pruned.occurrences > 150
    assert incidents.counts(*asked) == before
    assert incidents.counts(*asked, frozenset(["d1"])) == narrow
    assert incidents.prune(timedelta(days=5)).occurrences == 0
    found = incidents.record(batch)
    assert all(one.known for one in found)
    assert len({one.incident_id for one in found}) == 3
    assert sum(f.count for f in incidents.find(Query()).incidents) == 400
    assert one(incidents, Query(causes=("c0",))).first_failed == batch[0].task
    with pytest.raises(WrongUse, match="younger than a day"):
        incidents.prune(timedelta(hours=3))


def test_resolved_incidents_go_with_their_occurrences(incidents: Incidents) -> None:
    clock = Clock(incidents)
    incidents.record([failed(1), failed(2, "f2")])
    with incidents._writing() as connection:
        connection.exec_driver_sql("UPDATE incident_entry SET told = 1")
    incidents.set_state([1], "acknowledged", who="ann")
    with incidents._writing() as connection:
        connection.exec_driver_sql("UPDATE incident SET state = 'resolved' WHERE id = 1")
    clock.time = START + timedelta(days=100)
    pruned = incidents.prune(timedelta(days=90))
    assert (pruned.occurrences, pruned.incidents) == (1, 1)
    assert one(incidents).fingerprint == "f2"
    kept = incidents.rows("SELECT count(*) FROM known_run", {})
    assert kept[0][0] == 1


# ---------------------------------------------------------------- storms


def test_a_storm_is_one_incident_in_little_room(tmp_path: Path) -> None:
    """A tenth of the promised 100,000, each in a run of its own, within a tenth of 20 MB."""
    path = tmp_path / "s.db"
    with open_incidents(str(path)) as incidents:
        told: Counter[str | None] = Counter()
        for start in range(0, 10_000, 1000):
            batch = [
                failed(
                    n / 100,
                    dag=f"dag_of_team_{n % 40}",
                    run=f"scheduled__2026-11-01T{n:06}+00:00",
                    message=f"KeyError: 'amount' in row {n}",
                )
                for n in range(start, start + 1000)
            ]
            told.update(found.transition for found in incidents.record(batch))
        found = one(incidents)
        assert (found.count, found.dags, found.runs) == (10_000, 40, 10_000)
        assert told["new"] == 1
        assert sum(count for transition, count in told.items() if transition) <= 3
    assert path.stat().st_size < 2_000_000  # closing has merged the log of SQLite


def test_what_is_recorded_beside_other_processes_that_come_and_go_is_kept(tmp_path: Path) -> None:
    """POSIX: who closes any descriptor of a file loses all his locks on it. SQLite then takes the
    next process that leaves for the last one, and lets it delete the log that we still write to."""
    store = str(tmp_path / "store.db")
    count = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        " print(c.execute('SELECT count(*) FROM occurrence').fetchone()[0]); c.close()"
    )
    look = [sys.executable, "-c", count]
    counted = []
    with open_incidents(store) as incidents, open_store(store):
        for number in range(3):
            incidents.record([failed(number)])
            said = subprocess.run([*look, store], check=True, capture_output=True, text=True)
            counted.append(int(said.stdout))
    assert counted == [1, 2, 3]
