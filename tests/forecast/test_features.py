"""The features: one stream or one table, the same numbers; bounded; nothing from the future."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.forecast import batch
from dagnosis.forecast.design import COLUMNS, COMMON, design
from dagnosis.forecast.facts import Fact, merged
from dagnosis.forecast.features import NAMES, Stream, Track
from dagnosis.forecast.history import Event, Outcome, Request, Table
from tests.forecast.making import events, facts


def table_of(stream: list[Event], path: Path) -> Table:
    """The table of runs that gives this stream."""
    ends = {event.uid: event for event in stream if isinstance(event, Outcome)}
    states = {1: "failed", 0: "success", -1: "skipped"}

    def at(seconds: float) -> str:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="microseconds")

    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(
            "run_uid dag_id task_id submit_time start_time end_time state operator owner version priority".split()
        )
        for event in stream:
            if isinstance(event, Request):
                end = ends.get(event.uid)
                out.writerow(
                    [event.uid, event.dag_id, event.task_id, at(event.time)]
                    + ([at(end.time - end.seconds), at(end.time), states[end.label]] if end else ["", "", "running"])
                    + [event.operator, event.owner, event.version]
                    + ["" if event.priority != event.priority else event.priority]
                )  # fmt: skip
    return Table(path)


def streamed(stream: list[Event], known: Sequence[Fact] = ()) -> dict[str, list[float]]:
    state, rows = Stream(), {}
    for event in merged(stream, known):
        if isinstance(event, Fact):
            state.know(event)
        elif isinstance(event, Request):
            rows[event.uid] = state.ask(event)
        else:
            state.tell(event)
    return rows


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), runs=st.integers(0, 120), tasks=st.integers(1, 6))
def test_batch_equals_stream(
    tmp_path_factory: pytest.TempPathFactory, seed: int, runs: int, tasks: int
) -> None:
    table = table_of(events(runs, seed, tasks), tmp_path_factory.mktemp("runs") / "runs.csv")
    known = facts(list(table.events()), seed, count=seed % 3 * 20)
    rows = streamed(list(table.events()), known)
    made = batch.matrix(batch.load(table, known))
    assert made.shape == (len(rows), len(NAMES))
    expected = np.array(list(rows.values()), np.float32).reshape(made.shape)
    np.testing.assert_allclose(made, expected, rtol=2e-5, atol=2e-6, equal_nan=True)


def test_written_file_equals_matrix(tmp_path: Path) -> None:
    runs = batch.load(table_of(events(80, 1), tmp_path / "runs.csv"))
    batch.write(runs, tmp_path / "features.npy")
    np.testing.assert_array_equal(
        np.load(tmp_path / "features.npy", allow_pickle=False), batch.matrix(runs)
    )


@pytest.mark.parametrize("size", [1, 2, 7])
def test_blocks_of_any_size_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    runs = batch.load(table_of(events(150, 5), tmp_path / "runs.csv"))
    whole = batch.matrix(runs)
    monkeypatch.setattr(batch, "_BLOCK", size)
    np.testing.assert_allclose(batch.matrix(runs), whole, rtol=1e-6, atol=1e-7, equal_nan=True)


@given(st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_peek_counts_nothing(seed: int) -> None:
    state = Stream()
    for event in events(50, seed):
        if isinstance(event, Request):
            before = state.peek(event)
            np.testing.assert_array_equal(before, state.peek(event))
            np.testing.assert_array_equal(before, state.ask(event))
        else:
            state.tell(event)


def test_first_run_knows_nothing() -> None:
    row = dict(zip(NAMES, Stream().ask(Request("a", "d", "t", 0.0)), strict=True))
    assert row["task.outcomes"] == row["all.failures"] == row["task.pending"] == 0
    assert row["task.since"] != row["task.since"]
    assert (row["hour_of_day"], row["weekday"]) == (0, 3)  # 1970 began on a Thursday


def test_a_run_counts_from_its_outcome() -> None:
    state = Stream()
    state.ask(Request("a", "d", "t", 10.0))
    waiting = dict(zip(NAMES, state.ask(Request("b", "d", "t", 20.0)), strict=True))
    assert (waiting["task.pending"], waiting["task.outcomes"], waiting["task.gap"]) == (1, 0, 10)
    state.tell(Outcome("a", 30.0, 1, 20.0))
    told = dict(zip(NAMES, state.ask(Request("c", "d", "t", 35.0)), strict=True))
    assert (told["task.failures"], told["task.streak"], told["task.since_failure"]) == (1, 1, 5)
    assert told["task.pending"] == 1


def test_a_clock_that_jumps_back_stands_still() -> None:
    state = Stream()
    state.ask(Request("a", "d", "t", 100.0))
    row = dict(zip(NAMES, state.ask(Request("b", "d", "t", 40.0)), strict=True))
    assert row["task.gap"] == 0


def test_the_age_of_a_version() -> None:
    state = Stream()
    ages = [
        state.ask(Request(str(at), "d", "t", at, version=version))[-1]
        for at, version in ((0.0, "1"), (60.0, "1"), (90.0, "2"), (100.0, "2"))
    ]
    assert ages == [0, 60, 0, 10]


def test_a_track_stays_small() -> None:
    track = Track()
    for number in range(5000):
        track.ask(float(number))
        track.tell(float(number) + 0.5, number % 7 == 0, 3.25)
    size = sys.getsizeof(track) + sum(
        sys.getsizeof(getattr(track, name)) for name in Track.__slots__
    )
    assert size <= 1024 - 200  # 200 for its name and its place in the dictionary


def test_design_is_finite_and_begins_with_the_common_columns() -> None:
    raw = np.array(list(streamed(events(300, 3)).values()), np.float32)
    whole = design(raw)
    assert whole.shape == (len(raw), len(COLUMNS))
    assert np.isfinite(whole).all()
    np.testing.assert_array_equal(whole[:, : len(COMMON)], design(raw, only_common=True))
    assert design(raw[:0]).shape == (0, len(COLUMNS))
    assert len(set(COLUMNS)) == len(COLUMNS)
