"""What asset events carry, without an Airflow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.store import ProfileStore
from dagnosis.model import TaskRef
from dagnosis.services.carried import COLUMNS, KEY, carried, upstream_alarms
from dagnosis.services.check import Checked, check
from tests.data import tables


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    """An alarm after ten healthy days, with secrets in its texts."""
    store = ProfileStore(str(tmp_path / "profiles.db"))
    for number in range(10):
        check(DuckDBEngine(tables.day(number)), "t", tables.partition(number), "", store)
    frame = tables.day(10).drop(columns=["tax"])
    frame["country"] = "postgres://etl:s3cr3t@db/x"
    return check(
        DuckDBEngine(frame), "t", tables.partition(10), "r", store,
        task=TaskRef("d", "r", "c"), upstream=("raw was an alarm",),
    )  # fmt: skip


def test_a_summary_is_small_plain_and_redacted(checked: Checked) -> None:
    told = carried(checked.finding, checked.profile)
    text = json.dumps(told)
    assert len(text) < 8_000
    assert "s3cr3t" not in text
    assert told["alarm"] is True
    assert told["blamed"][0] in ("tax", "country")
    assert told["upstream"] == ["raw was an alarm"]
    assert told["columns"]["price"]["nulls"] == 0
    assert checked.finding.task == TaskRef("d", "r", "c")


def test_a_wide_table_is_cut() -> None:
    import pandas as pd

    from dagnosis.data.profile import profile
    from dagnosis.services.results import as_one

    wide = profile(DuckDBEngine(pd.DataFrame({f"c{n}": [1.5] for n in range(200)})))
    told = carried(as_one([], "t", "p"), wide)
    assert len(told["columns"]) == COLUMNS
    assert told["summary"] == "nothing was checked"


@pytest.mark.parametrize(
    "extra",
    [None, {}, {KEY: None}, {KEY: []}, {KEY: {"alarm": "yes"}}, {KEY: {"alarm": False}}, {"x": 1}],
)
def test_what_others_write_is_no_alarm(extra: dict[str, object] | None) -> None:
    assert upstream_alarms([("orders", extra)]) == ()


def test_what_others_write_is_cut_and_redacted() -> None:
    odd = {KEY: {"alarm": True, "partition": 3, "summary": "password=hunter2 " + "x" * 10_000}}
    (told,) = upstream_alarms([("orders", odd), ("orders", odd)])
    assert told.startswith("orders 3 was an alarm: ")
    assert "hunter2" not in told
    assert len(told) < 400
