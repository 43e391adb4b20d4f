"""Series, value by value."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.data.series import HELD, SeriesMonitor, period_of, score_series


def daily(days: int = 20, period: int = 96) -> np.ndarray:
    rng = np.random.default_rng(0)
    place = np.arange(days * period)
    values: np.ndarray = 50 + 20 * np.sin(2 * np.pi * place / period) + rng.normal(0, 1, len(place))
    return values


def alarms(values: object, period: int = 96) -> list[int]:
    points = score_series(values, period)  # type: ignore[arg-type]
    # from where on a judgement is firm; before, one false alarm in a thousand may come
    return [index for index, point in enumerate(points) if point.alarm and index > 1000]


def test_a_quiet_series() -> None:
    assert alarms(daily()) == []
    assert alarms([5.0] * 2000) == []


def test_a_point() -> None:
    values = daily()
    values[1500] = 140
    assert alarms(values) == [1500]


def test_a_point_out_of_season() -> None:
    values = daily()
    values[1512:1524] = 68  # usual at noon, not now
    found = alarms(values)
    assert len(found) == 1
    assert 1512 <= found[0] < 1536


def test_a_level() -> None:
    values = daily()
    values[1500:] += 60
    found = alarms(values)
    assert found
    assert 1500 <= found[0] < 1524


def test_standing_still() -> None:
    values = np.random.default_rng(0).normal(0, 1, 2000)
    values[1500:1700] = values[1500]
    assert any(1500 <= index < 1700 for index in alarms(values, 0))


def test_scores_are_of_the_past_only() -> None:
    values = daily()
    whole = score_series(values, 96)
    assert score_series(values[:1000], 96) == whole[:1000]


def test_a_score_is_held() -> None:
    values = daily()
    values[1500] = 140
    points = score_series(values, 96)
    assert points[1500 + HELD - 1].score >= points[1500].score
    assert not points[1501].alarm


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=300), st.integers(0, 40))
def test_any_values(values: list[float], period: int) -> None:
    monitor = SeriesMonitor(period)
    for value in values:
        point = monitor.add(value)
        assert point.score >= 0
        assert not math.isnan(point.score)


def test_periods() -> None:
    start = datetime(2026, 1, 1)
    five = [start + timedelta(minutes=5 * n) for n in range(10)]
    assert period_of(five) == 288
    assert period_of([]) == 0
    assert period_of([start + timedelta(days=n) for n in range(9)]) == 0
