"""Files that DuckDB reads, and files that nobody can."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from dagnosis.data.profile import profile
from dagnosis.data.profile.duckdb import DuckDBEngine, source_name
from dagnosis.data.profile.values import SAMPLE
from dagnosis.errors import UnreadableInput
from tests.data import tables


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.jsonl", "t.parquet"])
def test_files(tmp_path: Path, name: str) -> None:
    frame, path = tables.day(1), tmp_path / name
    if ".csv" in name:
        frame.to_csv(path, index=False)
    elif "json" in name:
        frame.to_json(path, orient="records", lines=True, date_format="iso")
    else:
        frame.to_parquet(path)
    made = profile(DuckDBEngine(path))
    assert made.rows == 300
    assert [column.name for column in made.columns] == list(frame.columns)
    price = made.column("price")
    assert price is not None
    assert price.totals.mean == pytest.approx(frame.price.mean())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.xlsx", b"x", "unknown file type"),
        ("t", b"x", "unknown file type"),
        ("t.parquet", b"not parquet at all", "cannot read"),
        ("t.csv", b"", "is empty"),
        ("t.json", b"{broken", "cannot read"),
    ],
)
def test_unreadable_files(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableInput, match=words) as caught:
        profile(DuckDBEngine(tmp_path / name))
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInput, match="no such file"):
        profile(DuckDBEngine(tmp_path / "t.csv"))
    with pytest.raises(UnreadableInput, match="is a folder"):
        profile(DuckDBEngine(tmp_path))


def test_duplicate_names() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(UnreadableInput, match="two columns named 'a'"):
        profile(DuckDBEngine(frame))


def test_many_columns() -> None:
    frame = pd.DataFrame(np.zeros((2, 400)), columns=[f"c{n}" for n in range(400)])
    assert len(profile(DuckDBEngine(frame)).columns) == 400


def test_a_large_batch_is_sampled() -> None:
    frame = pd.DataFrame({"x": np.arange(SAMPLE + 5000), "y": "a"})
    made = profile(DuckDBEngine(frame, threads=1))
    assert made.rows == SAMPLE + 5000
    assert made.sampled <= SAMPLE
    column = made.column("x")
    assert column is not None
    assert column.totals.maximum == SAMPLE + 4999
    assert column.quantiles[3] == pytest.approx((SAMPLE + 5000) / 2, rel=0.05)


def test_names_of_partitions() -> None:
    names = ["2026-01-05.parquet", "a.b.csv.gz", "plain.json"]
    assert [source_name(Path(name)) for name in names] == ["2026-01-05", "a.b", "plain"]
