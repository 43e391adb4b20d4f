"""What may be spent holds over processes and threads, and fails on the safe side."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from dagnosis.errors import WrongUse
from dagnosis.logs.llm.budget import Budget, Exhausted, Limits
from dagnosis.logs.llm.edge import provider_of
from dagnosis.settings import Settings

LIMITS = Limits(
    calls_per_process=100,
    calls=3,
    tokens=1000,
    seconds=60,
    cost=0,
    price_input=2.0,
    price_output=8.0,
)


def limits(**changes: float) -> Limits:
    return msgspec.structs.replace(LIMITS, **changes)


def test_calls_are_counted_over_processes(tmp_path: Path) -> None:
    file = tmp_path / "ledger"
    Budget(LIMITS, file).book(10, 10)
    code = (
        "import sys; from pathlib import Path; from dagnosis.logs.llm.budget import *;"
        f"Budget(Limits(9, 3, 1000, 60, 0, 0, 0), Path({str(file)!r})).book(10, 10)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    last = Budget(LIMITS, file)
    last.book(10, 10)
    with pytest.raises(Exhausted, match="llm_max_calls_per_day"):
        last.book(10, 10)
    assert (last.spent().calls, last.spent().tokens) == (3, 60)


def test_many_threads_do_not_overspend(tmp_path: Path) -> None:
    shared = Budget(limits(calls=20, tokens=10**6), tmp_path / "ledger")

    def book(_: int) -> bool:
        try:
            shared.book(1, 1)
        except Exhausted:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(book, range(60))) == 20


def test_a_call_is_booked_at_its_most_and_settled_at_its_price(tmp_path: Path) -> None:
    shared = Budget(limits(cost=0.01), tmp_path / "ledger")
    with pytest.raises(Exhausted, match="tokens"):
        shared.book(900, 200)
    booking = shared.book(500, 100)
    assert shared.settle(booking, 400, 50, 1.5) == pytest.approx(0.0012)
    spent = shared.spent()
    assert (spent.tokens, spent.seconds) == (450, 1.5)
    assert spent.cost == pytest.approx(0.0012)


def test_money(tmp_path: Path) -> None:
    shared = Budget(limits(tokens=10**9, cost=0.01), tmp_path / "ledger")
    shared.book(1000, 900)  # 0.0092
    with pytest.raises(Exhausted, match="llm_max_cost_per_day"):
        shared.book(1000, 900)


def test_money_needs_prices() -> None:
    with pytest.raises(WrongUse, match="llm_price_input"):
        provider_of(
            Settings(
                llm_provider="openai-compatible",
                llm_model="m",
                llm_base_url="http://localhost/v1",
                llm_max_cost_per_day=1.0,
            )
        )


def test_seconds(tmp_path: Path) -> None:
    shared = Budget(limits(seconds=2), tmp_path / "ledger")
    shared.settle(shared.book(1, 1), 1, 1, 2.5)
    with pytest.raises(Exhausted, match="seconds"):
        shared.book(1, 1)


def test_a_day_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Budget(limits(calls=1), tmp_path / "ledger")
    shared.book(1, 1)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    shared.book(1, 1)
    assert shared.spent().calls == 1


def test_a_pause_holds_for_others(tmp_path: Path) -> None:
    Budget(LIMITS, tmp_path / "ledger").pause(30)
    with pytest.raises(Exhausted, match="asked to wait"):
        Budget(LIMITS, tmp_path / "ledger").book(1, 1)


def test_without_a_ledger_nothing_is_spent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Exhausted, match="XDG_STATE_HOME"):
        Budget(LIMITS, tmp_path / "file" / "ledger").book(1, 1)
    (tmp_path / "ledger").write_bytes(b"no database at all" * 100)
    with pytest.raises(Exhausted, match="ledger"):
        Budget(LIMITS, tmp_path / "ledger").book(1, 1)


def test_one_process_has_its_own_limit(tmp_path: Path) -> None:
    shared = Budget(limits(calls_per_process=1), tmp_path / "ledger")
    shared.book(1, 1)
    with pytest.raises(Exhausted, match="llm_max_calls"):
        shared.book(1, 1)
