"""Facts: their file, their place in the stream, and that only what is known counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.errors import UnreadableInput
from dagnosis.forecast.facts import NAMES, NOTHING, Fact, Facts, keep, merged, place, read
from dagnosis.forecast.features import NAMES as FEATURES
from dagnosis.forecast.features import Stream
from dagnosis.forecast.history import Event, Request
from dagnosis.forecast.models.blend import Blend
from dagnosis.forecast.reasons import _worded
from tests.forecast.making import events, facts


def known(state: Facts, dag: str, task: str, now: float) -> dict[str, float]:
    return dict(zip(NAMES, state.read(dag, task, now), strict=True))


def test_counts_fade_over_a_day() -> None:
    state = Facts()
    assert state.read("etl", "load", 0.0) is NOTHING
    state.know(Fact("finding", "etl", "load", 100.0))
    state.know(Fact("finding", "etl", "other", 100.0))
    state.know(Fact("change", "etl", "", 150.0))
    now = known(state, "etl", "load", 200.0)
    assert now["dag.finding_day"] == pytest.approx(2, rel=0.01)
    assert now["task.finding_day"] == pytest.approx(1, rel=0.01)
    assert (now["dag.change_since"], now["dag.asset_since"] == now["dag.asset_since"]) == (
        50,
        False,
    )
    later = known(state, "etl", "load", 200.0 + 86400)
    assert later["dag.finding_day"] == pytest.approx(2 / np.e, rel=0.01)
    assert known(state, "else", "load", 200.0)["dag.finding_day"] == 0
    with pytest.raises(KeyError):
        state.know(Fact("rumour", "etl", "", 0.0))


def test_a_fact_counts_from_its_moment() -> None:
    requests: list[Event] = [Request(str(n), "etl", "load", float(n)) for n in range(3)]
    stream = list(merged(requests, [Fact("change", "etl", "", 1.0), Fact("touch", "x", "", 9.0)]))
    assert [type(one).__name__ for one in stream] == [
        "Request", "Fact", "Request", "Request", "Fact",
    ]  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), now=st.integers(0, 200))
def test_later_facts_change_no_features(seed: int, now: int) -> None:
    stream = events(120, seed)
    present = stream[min(now, len(stream) - 1)].time
    every = facts(stream, seed)
    other = [
        fact
        if fact.known_at <= present
        else fact._replace(kind="touch", known_at=fact.known_at + 7)
        for fact in every
    ]

    def rows(given_facts: list[Fact]) -> list[list[float]]:
        state, made = Stream(), []
        for event in merged(stream, given_facts):
            if isinstance(event, Fact):
                state.know(event)
            elif isinstance(event, Request):
                row = state.ask(event)
                if event.time <= present:
                    made.append(row)
            else:
                state.tell(event)
        return made

    np.testing.assert_array_equal(rows(every), rows(other))


def test_the_file_keeps_each_fact_once(tmp_path: Path) -> None:
    path = place(tmp_path / "runs.parquet")
    assert read(path) == []
    first = [Fact("change", "etl", "", 5.25), Fact("finding", 'a "b", c', "t", 1.0)]
    assert keep(path, first) == keep(path, first[:1]) == 2
    assert read(path) == sorted(first, key=lambda fact: fact.known_at)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("rumour,etl,,2026-01-01", "row 1: kind is 'rumour'; known are transient"),
        ("change,etl,,yesterday", "row 1: a fact is kind,dag_id,task_id,known_at"),
        ("change", "row 1: a fact is"),
    ],
)
def test_what_is_no_fact_is_named(tmp_path: Path, row: str, says: str) -> None:
    path = tmp_path / "facts.csv"
    path.write_text("kind,dag_id,task_id,known_at\n" + row + "\n")
    with pytest.raises(UnreadableInput, match=says):
        read(path)


def test_facts_are_worded() -> None:
    state = Stream()
    state.know(Fact("permanent", "etl", "load", 10.0))
    state.know(Fact("change", "etl", "", 10.0))
    values = dict(zip(FEATURES, state.ask(Request("a", "etl", "load", 70.0)), strict=True))
    assert "about 1 in the last day" in _worded("facts permanent", values)
    assert "last 60 seconds before" in _worded("facts change", values)
    assert Blend().members  # the shipped prior knows no facts and still answers
