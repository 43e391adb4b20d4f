"""Calibration: right where it helps, absent where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagnosis.forecast.calibration import (
    IDENTITY,
    Line,
    brier,
    calibration_error,
    drift,
    fit_line,
    reliability,
)
from dagnosis.forecast.design import logit
from dagnosis.forecast.models.linear import chance


def drawn(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    true = draw.beta(1, 4, count)
    return true, (draw.random(count) < true).astype(np.int8)


def test_overconfidence_is_mended() -> None:
    true, labels = drawn(6000)
    bold = chance(2.5 * logit(true, 1e-5) + 1)
    line = fit_line(bold, labels)
    assert line.slope == pytest.approx(0.4, abs=0.05)
    assert calibration_error(labels == 1, line(bold)) < calibration_error(labels == 1, bold) / 3


def test_outcomes_of_a_day_that_are_alike_count_for_few() -> None:
    bold = np.full(4000, 0.2)
    labels = np.repeat(np.random.default_rng(0).random(40) < 0.5, 100).astype(np.int8)
    alone, together = fit_line(bold, labels), fit_line(bold, labels, np.repeat(np.arange(40), 100))
    assert alone(bold)[0] > together(bold)[0] > 0.2


def test_what_is_calibrated_is_hardly_moved() -> None:
    true, labels = drawn(6000)
    assert np.abs(fit_line(true, labels)(true) - true).max() < 0.1


@pytest.mark.parametrize("failures", [0, 5, 1000])
def test_little_history_is_left_alone(failures: int) -> None:
    labels = np.zeros(1000, np.int8)
    labels[:failures] = 1
    assert fit_line(np.full(1000, 0.2), labels) == IDENTITY
    assert fit_line(np.zeros(0), np.zeros(0, np.int8)) == IDENTITY


def test_an_order_that_is_wrong_is_not_turned_round() -> None:
    true, labels = drawn(3000)
    assert fit_line(1 - true, labels).slope > 0


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(0.1, 5), st.floats(-3, 3), st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_a_line_keeps_the_order(slope: float, shift: float, chances: list[float]) -> None:
    mapped = Line(slope, shift)(np.array(sorted(chances)))
    assert (np.diff(mapped) >= 0).all()
    assert ((mapped >= 0) & (mapped <= 1)).all()


def test_reliability_and_drift() -> None:
    truth = np.array([0, 1, 0, 1] * 100)
    chances = np.array([0.1, 0.9, 0.1, 0.9] * 100)
    bins = reliability(truth, chances, 2)
    assert [(one.runs, one.failed) for one in bins] == [(200, 0.0), (200, 1.0)]
    assert calibration_error(truth, chances, 2) == pytest.approx(0.1)
    assert brier(truth, chances) == pytest.approx(0.01)
    assert abs(drift(truth, chances)) < 1e-9
    assert drift(np.ones(100), np.full(100, 0.5)) == pytest.approx(10)
    assert drift(np.zeros(0), np.zeros(0)) == 0
