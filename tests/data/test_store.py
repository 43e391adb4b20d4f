"""Stored profiles: what comes back, and that a failed check leaves them untouched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from dagnosis.data.memory import Memory
from dagnosis.data.profile import profile
from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.store import ProfileStore, Stored
from dagnosis.errors import ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.services.check import accept, check
from tests.data import tables


@pytest.fixture
def store(tmp_path: Path) -> ProfileStore:
    return ProfileStore(str(tmp_path / "deep" / "profiles.db"))


def test_there_and_back(store: ProfileStore) -> None:
    made = profile(DuckDBEngine(tables.day(1)), dataset="t", partition="2026-01-02", run="r1")
    store.record(made, "healthy")
    store.record(made, "healthy")  # the same run again replaces it
    (stored,) = store.history("t")
    assert stored.profile == made
    assert store.history("t", before="2026-01-02") == []
    assert store.history("other") == []
    assert store.memory("t").batches == 0


def test_visitors_that_come_first_at_the_same_time(tmp_path: Path) -> None:
    for number in range(5):
        together = Barrier(8)
        store = ProfileStore(str(tmp_path / f"{number}.db"))

        def visit(of: ProfileStore = store, all_of_them: Barrier = together) -> list[Stored]:
            all_of_them.wait()
            return of.history("t")

        with ThreadPoolExecutor(8) as visitors:
            asked = [visitors.submit(visit) for _ in range(8)]
        assert [one.result() for one in asked] == [[]] * 8


def test_the_newest_run_counts(store: ProfileStore) -> None:
    for run, rows in (("first", 10), ("second", 20)):
        engine = DuckDBEngine(tables.day(1, rows=rows))
        store.record(profile(engine, dataset="t", partition="p", run=run), "healthy")
    (stored,) = store.history("t")
    assert stored.profile.run == "second"


def test_a_checked_table(store: ProfileStore) -> None:
    for number in range(12):
        found = check(DuckDBEngine(tables.day(number)), "t", tables.partition(number), "", store)
        assert not found.finding.alarm
    assert found.finding.status == "healthy"
    broken = tables.day(12).drop(columns=["tax"])
    assert check(DuckDBEngine(broken), "t", tables.partition(12), "", store).finding.alarm
    assert store.memory("t").batches == 12  # an alarm is not learned from
    still = check(
        DuckDBEngine(tables.day(13).drop(columns=["tax"])), "t", tables.partition(13), "", store
    )
    assert still.finding.alarm
    assert still.finding.since == tables.partition(12)
    accept(DuckDBEngine(broken), "t", tables.partition(12), "", store)
    after = check(
        DuckDBEngine(tables.day(14).drop(columns=["tax"])), "t", tables.partition(14), "", store
    )
    assert not after.finding.alarm


def test_a_failed_check_stores_nothing(store: ProfileStore, tmp_path: Path) -> None:
    check(DuckDBEngine(tables.day(0)), "t", tables.partition(0), "", store)
    before = store.history("t")
    (tmp_path / "bad.parquet").write_bytes(b"rubbish")
    with pytest.raises(UnreadableInput):
        check(DuckDBEngine(tmp_path / "bad.parquet"), "t", tables.partition(1), "", store)
    assert store.history("t") == before


def test_a_batch_is_not_judged_against_itself(store: ProfileStore) -> None:
    engine = DuckDBEngine(tables.day(0))
    for _ in range(3):
        found = check(engine, "t", tables.partition(0), "", store)
        assert found.finding.batches == 0


def test_accept_needs_a_check(store: ProfileStore) -> None:
    with pytest.raises(WrongUse, match="check it first"):
        accept(DuckDBEngine(tables.day(0)), "t", "p", "", store)


def test_bad_places(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="not a database URL"):
        ProfileStore("nonsense://x").history("t")
    pytest.importorskip("psycopg")
    with pytest.raises(ServiceUnreachable, match="does not answer"):
        ProfileStore("postgresql://nobody@127.0.0.1:1/x").history("t")


def test_an_old_memory_is_learned_anew() -> None:
    import msgspec

    parts = msgspec.msgpack.decode(Memory().dump())
    assert Memory.load(msgspec.msgpack.encode({**parts, "version": 0})) is None
