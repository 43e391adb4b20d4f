"""Merged profiles of parts against the profile of the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.data.profile import profile
from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.profile.merging import merge
from dagnosis.data.profile.values import LEVELS, Profile
from dagnosis.errors import WrongUse
from tests.data import tables


def of(frame: pd.DataFrame) -> Profile:
    return profile(DuckDBEngine(frame.reset_index(drop=True), threads=1), dataset="t")


def ranks(values: pd.Series, value: float) -> tuple[float, float]:
    """The ranks that a value may have among others."""
    known = np.sort(values.dropna().to_numpy(float))
    low, high = np.searchsorted(known, value, "left"), np.searchsorted(known, value, "right")
    return low / len(known), high / len(known)


def assert_like(made: Profile, whole: Profile, frame: pd.DataFrame) -> None:
    assert (made.rows, made.sampled) == (whole.rows, whole.sampled)
    assert made.hashes == whole.hashes
    assert made.content_hashes == whole.content_hashes
    assert made.duplicates == pytest.approx(whole.duplicates, abs=0.1)
    for column in whole.columns:
        mine = made.column(column.name)
        assert mine is not None
        ours, theirs = mine.totals, column.totals
        for key in ("nulls", "zeros", "negatives", "infinite", "empty", "minimum", "maximum"):
            assert getattr(ours, key) == getattr(theirs, key), (column.name, key)
        assert ours.mean == (None if theirs.mean is None else pytest.approx(theirs.mean, rel=1e-9))
        if theirs.deviation is not None:
            assert ours.deviation == pytest.approx(theirs.deviation, rel=1e-6, abs=1e-6)
        exact = theirs.distinct <= 32
        assert ours.distinct == pytest.approx(theirs.distinct, rel=0 if exact else 0.25)
        assert mine.digests == column.digests
        assert mine.padded == pytest.approx(column.padded)
        for name, share in column.top.items():
            # what one part has not kept is missing, and is no more than its smallest kept share
            assert mine.top.get(name, 0.0) == pytest.approx(share, abs=0.02)
        if column.kind in ("integer", "float") and column.quantiles:
            # between two rows values are taken as even, so a rank may be one row off
            slack = 0.07 + 1 / frame[column.name].notna().sum()
            for level, value in zip(LEVELS, mine.quantiles, strict=True):
                low, high = ranks(frame[column.name], value)
                assert low - slack <= level <= high + slack, (column.name, level)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(1, 1500),
    cut=st.floats(0, 1),
    form=st.sampled_from(["normal", "heavy", "few", "apart"]),
)
def test_two_parts_are_the_whole(seed: int, rows: int, cut: float, form: str) -> None:
    rng = np.random.default_rng(seed)
    forms: dict[str, Callable[[], Any]] = {
        "normal": lambda: rng.normal(5, 2, rows),
        "heavy": lambda: np.round(rng.pareto(1.2, rows), 3),
        "few": lambda: rng.integers(-2, 3, rows).astype(float),
        "apart": lambda: (
            np.where(np.arange(rows) < rows * cut, 0.0, 1000.0) + rng.normal(0, 1, rows)
        ),
    }
    number = forms[form]()
    frame = pd.DataFrame(
        {
            "number": np.where(rng.random(rows) < 0.1, np.nan, number),
            "whole": rng.integers(0, 40, rows),
            "text": rng.choice(["a", "b ", "", "cc"], rows),
            "flag": rng.random(rows) < 0.3,
        }
    )
    at = int(rows * cut)
    made = merge([of(frame.iloc[:at]), of(frame.iloc[at:])])
    assert_like(made, of(frame), frame)


def test_many_parts_in_any_order() -> None:
    frame = pd.concat([tables.day(number) for number in range(6)], ignore_index=True)
    parts = [of(frame.iloc[start : start + 300]) for start in range(0, len(frame), 300)]
    assert_like(merge(parts), of(frame), frame)
    assert_like(merge(parts[::-1]), of(frame), frame)


def test_one_part_and_none() -> None:
    only = of(tables.day(1))
    assert merge([only]) == only
    with pytest.raises(WrongUse, match="no profiles"):
        merge([])


def test_parts_of_different_tables() -> None:
    frame = tables.day(1)
    with pytest.raises(WrongUse, match="'tax'"):
        merge([of(frame), of(frame.drop(columns=["tax"]))])
    with pytest.raises(WrongUse, match="'tax' is float in one part and text in another"):
        merge([of(frame), of(frame.assign(tax="x"))])
