"""Rows unlike the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.profile.values import Values
from dagnosis.data.rows import column_scores, outliers, row_scores
from tests.data import tables


def columns(frame: pd.DataFrame) -> list[Values]:
    return DuckDBEngine(frame, threads=1, ordered=True).rows(100_000)


def test_a_row_that_breaks_a_relation() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(0, 1, 400)
    frame = pd.DataFrame({"x": x, "y": x + rng.normal(0, 0.05, 400)})
    frame.loc[17] = [1.5, -1.5]  # usual in each column, not together
    scores, alarms = row_scores(columns(frame))
    assert scores.argmax() == 17
    assert alarms[17]
    assert outliers(columns(frame))[0].row == 17


def test_awkward_rows() -> None:
    scores, alarms = row_scores(columns(tables.odd()))
    assert len(scores) == 5
    assert alarms.tolist() == [False, False, False, True, False]  # the infinite one


@pytest.mark.parametrize("rows", [0, 1, 19])
def test_few_rows_have_no_outliers(rows: int) -> None:
    scores, alarms = row_scores(columns(tables.day(1).iloc[:rows]))
    assert scores.tolist() == [0.0] * rows
    assert not alarms.any()
    assert outliers(columns(tables.day(1).iloc[:rows])) == []


def test_constant_columns() -> None:
    frame = pd.DataFrame({"a": [1.0] * 50, "b": ["x"] * 50})
    scores, alarms = row_scores(columns(frame))
    assert not alarms.any()
    assert set(scores) == {0.0}


def test_each_column_by_a_classic_method() -> None:
    found = column_scores(columns(tables.odd()), "zscore")
    assert set(found) == {"whole", "real", "flag", "at", "empty", "same"}
    assert np.isnan(found["empty"]).all()
    assert found["real"][3] == np.inf
    assert (found["same"] == 0).all()
