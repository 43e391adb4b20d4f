"""The classic formulas against scipy and numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from dagnosis.data.detectors import detector

windows = st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), min_size=3, max_size=60)


@given(windows)
def test_zscore(values: list[float]) -> None:
    assume(np.std(values) > 1e-3)
    found = detector("zscore").learn(values).scores(values)
    np.testing.assert_allclose(found, np.abs(stats.zscore(values)), rtol=1e-9, atol=1e-9)


@given(windows)
def test_mad(values: list[float]) -> None:
    scale = stats.median_abs_deviation(values, scale="normal")
    assume(scale > 1e-6)
    found = detector("mad").learn(values).scores(values)
    expected = np.abs(np.array(values) - np.median(values)) / scale
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@given(windows)
def test_iqr_and_robust(values: list[float]) -> None:
    spread = stats.iqr(values)
    assume(spread > 1e-6)
    low, high = np.percentile(values, [25, 75])
    fenced = detector("iqr").learn(values).scores(values) > 1.5
    outside = (np.array(values) < low - 1.5 * spread) | (np.array(values) > high + 1.5 * spread)
    assert (fenced == outside).all()
    robust = detector("robust").learn(values).scores(values)
    scale = stats.iqr(values, scale="normal")
    expected = np.abs(np.array(values) - np.median(values)) / scale
    np.testing.assert_allclose(robust, expected, rtol=1e-9, atol=1e-9)


def test_nothing_in_ten_exceeds_three() -> None:
    values = [0.0] * 9 + [1e9]
    assert detector("zscore").learn(values).score(1e9) == pytest.approx(3.0)


def test_the_article_flags_the_healthy_upper_half() -> None:
    healthy = np.random.default_rng(0).normal(0, 1, 2000)
    scores = detector("article").learn(healthy).scores(healthy)
    # distances are absolute here; its centre is the first quartile, so the two sides differ
    assert np.median(scores[healthy > 1]) > 2 * np.median(scores[healthy < -1])
