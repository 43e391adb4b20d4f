"""Drift: seen where it is, not where it is not."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dagnosis.forecast.calibration import calibration_error, noise
from dagnosis.forecast.drift import windows

Runs: TypeAlias = "tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]"


def drawn(count: int, shift: float = 0.0, seed: int = 0) -> Runs:
    draw = np.random.default_rng(seed)
    chances = draw.beta(1, 6, count)
    truth = draw.random(count) < np.clip(chances + shift, 0, 1)
    return truth, chances, np.arange(float(count)) * 3600.0


def test_what_fits_has_not_drifted() -> None:
    found = windows(*drawn(3000), 1000)
    assert [window.runs for window in found] == [1000, 1000, 1000]
    assert not any(window.drifted for window in found)
    assert all(window.low <= window.gap <= window.high for window in found)
    assert all(window.skill > 0 for window in found)


def test_more_failures_than_forecast() -> None:
    old, new = drawn(2000), drawn(1000, 0.15, 1)
    truth, chances = np.concatenate([old[0], new[0]]), np.concatenate([old[1], new[1]])
    found = windows(truth, chances, np.arange(3000.0) * 3600.0, 1000)
    assert [window.drifted for window in found] == [False, False, True]
    assert found[-1].gap > 0.1


def test_one_bad_night_is_no_drift() -> None:
    truth, chances, times = drawn(1000)
    truth[500:524] = True  # one day of 42
    assert not windows(truth, chances, times, 1000)[0].drifted


def test_few_runs() -> None:
    truth, chances, times = drawn(10)
    assert windows(truth[:0], chances[:0], times[:0], 1000) == []
    assert [window.runs for window in windows(*drawn(80), 1000)] == [80]
    assert [window.runs for window in windows(*drawn(250), 100)] == [100, 100]


def test_chance_alone_makes_calibration_errors() -> None:
    draw = np.random.default_rng(3)
    chances = draw.beta(2, 6, 900)
    apart = np.arange(900)
    usual, most = noise(draw.random(900) < chances, chances, apart)
    found = [calibration_error(draw.random(900) < chances, chances) for _ in range(100)]
    assert abs(usual - np.median(found)) < 0.005
    assert np.mean(np.array(found) <= most) > 0.85
    assert usual < most


def test_shared_luck_makes_larger_ones() -> None:
    draw = np.random.default_rng(4)
    chances = np.full(3000, 0.3)
    day = np.repeat(np.arange(30), 100)
    together = draw.normal(0, 0.25, 30)[day] + 0.3 > draw.random(3000)
    apart = draw.random(3000) < chances
    assert noise(together, chances, day)[0] > 2 * noise(apart, chances, day)[0]
    assert np.isnan(noise(apart[:0], chances[:0], day[:0])).all()
