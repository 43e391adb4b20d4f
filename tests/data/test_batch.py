"""The judge of batches, on a table whose columns hang together."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pandas as pd
import pytest

from dagnosis.data.batch import Budget, Judge, Judgement
from dagnosis.data.memory import Memory
from dagnosis.data.profile import profile_rows, read
from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.profile.values import Profile, Rows
from tests.data import tables

DAYS = 40


def profiled(frame: pd.DataFrame, partition: str, memory: Memory) -> tuple[Profile, Rows]:
    _, totals, rows = read(DuckDBEngine(frame, threads=1))
    found = memory.measure(rows)
    made = profile_rows(rows, totals, dataset="t", partition=partition)
    return msgspec.structs.replace(made, counts=found.counts, gauges=found.gauges), rows


@pytest.fixture(scope="module")
def taught() -> tuple[Judge, Memory]:
    judge, memory = Judge(), Memory()
    for number in range(DAYS):
        made, rows = profiled(tables.day(number), tables.partition(number), memory)
        judge.learn(made)
        memory.learn(rows)
    return judge, memory


def judged(taught: tuple[Judge, Memory], frame: pd.DataFrame, number: int = DAYS) -> Judgement:
    judge, memory = taught
    return judge.score(profiled(frame, tables.partition(number), memory)[0])


def nulls(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[:5, "currency"] = None
    return frame


def typo(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[:5, "country"] = "dE"
    return frame


def scaled(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[:30, "price"] *= 100
    return frame


def shuffled(frame: pd.DataFrame) -> pd.DataFrame:
    frame["currency"] = frame.currency.sample(frac=1, random_state=0).to_numpy()
    return frame


def retyped(frame: pd.DataFrame) -> pd.DataFrame:
    frame["price"] = frame.price.map("{:.2f} EUR".format)
    return frame


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        (nulls, {"currency"}),
        (typo, {"country"}),
        (scaled, {"price", "tax"}),
        (shuffled, {"currency", "country"}),
        (retyped, {"price"}),
        (lambda f: f.drop(columns=["tax"]), {"tax"}),
        (lambda f: f.rename(columns={"tax": "vat"}), {"tax"}),
        (lambda f: f.iloc[:0], {"*"}),
        (lambda f: f.iloc[:120], {"*", "at", "id"}),
        (lambda f: pd.concat([f, f.iloc[:10]]), {"*"}),
        (lambda f: f[f.country != "US"], {"country", "currency", "*"}),
    ],
)
def test_what_is_wrong_is_found(
    taught: tuple[Judge, Memory],
    change: Callable[[pd.DataFrame], pd.DataFrame],
    columns: set[str],
) -> None:
    found = judged(taught, change(tables.day(DAYS)))
    assert found.alarm
    assert found.blamed[0].column in columns
    assert found.differences[0].words


def test_a_copy_of_yesterday(taught: tuple[Judge, Memory]) -> None:
    copy = tables.day(DAYS - 1)
    assert judged(taught, copy).alarm
    copy["at"] += pd.Timedelta(days=1)
    found = judged(taught, copy)
    assert found.alarm
    assert any(one.measure == "content of the last batch" for one in found.differences)


def test_healthy_days_are_no_alarms(taught: tuple[Judge, Memory]) -> None:
    found = [judged(taught, tables.day(number), number) for number in range(DAYS, DAYS + 12)]
    assert not any(one.alarm for one in found)


def test_scoring_changes_nothing(taught: tuple[Judge, Memory]) -> None:
    first = judged(taught, tables.day(DAYS))
    judged(taught, retyped(tables.day(DAYS)))
    assert judged(taught, tables.day(DAYS)) == first


def test_too_short_a_past() -> None:
    judge, memory = Judge(), Memory()
    assert not judge.score(profiled(tables.day(0), "2026-01-01", memory)[0]).alarm
    made, rows = profiled(tables.day(0), "2026-01-01", memory)
    judge.learn(made)
    memory.learn(rows)
    # statistics need more, a column that is gone does not
    assert not judge.score(profiled(tables.day(1).iloc[:50], "2026-01-02", memory)[0]).alarm
    assert judge.score(profiled(tables.day(1).drop(columns=["id"]), "2026-01-02", memory)[0]).alarm


def test_the_new_normal() -> None:
    judge, memory = Judge(), Memory()
    for number in range(30):
        made, rows = profiled(tables.day(number), tables.partition(number), memory)
        judge.learn(made)
        memory.learn(rows)
    moved, rows = profiled(tables.day(30, rows=900), tables.partition(30), memory)
    assert judge.score(moved).alarm
    judge.accept(moved)
    memory.learn(rows)
    again, _ = profiled(tables.day(31, rows=900), tables.partition(31), memory)
    assert not judge.score(again).alarm


def test_the_budget() -> None:
    past = [2.0 + number / 50 for number in range(100)]
    limits = [Budget(per_month).limit(past) for per_month in (0.01, 0.25, 3.0)]
    assert limits == sorted(limits, reverse=True)
    assert Budget(0.25).limit(past, per_day=24) > Budget(0.25).limit(past)


def test_memory_is_stored_whole(taught: tuple[Judge, Memory]) -> None:
    _, memory = taught
    again = Memory.load(memory.dump())
    assert again is not None
    _, _, rows = read(DuckDBEngine(scaled(tables.day(DAYS))))
    one, two = memory.measure(rows), again.measure(rows)
    assert one.counts == two.counts
    assert one.gauges == two.gauges
