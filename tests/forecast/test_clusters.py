"""How many independent runs a history is worth: strangers, twins, samples, and nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagnosis.forecast.clusters import design_effect
from dagnosis.forecast.models import Rows
from dagnosis.forecast.models.blend import Blend
from tests.forecast.making import rows


def drawn(days: int, size: int, alike: bool, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of runs that failed with probability 0.3, as was forecast; alone, or a day together."""
    draw = np.random.default_rng(seed)
    luck = draw.random((days, 1 if alike else size)) < 0.3
    residuals = np.broadcast_to(luck, (days, size)) - 0.3
    return residuals.ravel(), np.repeat(np.arange(days), size)


def test_strangers_count_one_each() -> None:
    assert design_effect(*drawn(500, 20, alike=False)) == pytest.approx(1, abs=0.2)


def test_runs_of_a_day_that_end_alike_count_one_together() -> None:
    assert design_effect(*drawn(500, 20, alike=True)) == pytest.approx(20, rel=0.01)


def test_forecasts_that_are_all_too_low_make_no_two_runs_alike() -> None:
    residuals, days = drawn(500, 20, alike=False)
    assert design_effect(residuals + 0.2, days) == pytest.approx(design_effect(residuals, days))


def test_a_sample_says_what_the_whole_does() -> None:
    residuals, days = drawn(2000, 20, alike=True)
    kept = np.random.default_rng(1).random(len(days)) < 0.25
    found = design_effect(residuals[kept], days[kept], np.full(int(kept.sum()), 4.0))
    assert found == pytest.approx(20, rel=0.1)


@pytest.mark.parametrize(
    ("residuals", "days"), [([], []), ([0.5], [3]), ([0.5, -0.5], [3, 3]), ([0.1, 0.1], [1, 2])]
)
def test_what_shows_nothing_is_one(residuals: list[float], days: list[int]) -> None:
    assert design_effect(np.array(residuals), np.array(days, np.int64)) == 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 5)), min_size=1, max_size=60))
def test_it_lies_between_one_and_the_largest_day(rows: list[tuple[float, int]]) -> None:
    days = np.array([day for _, day in rows], np.int64)
    found = design_effect(np.array([left for left, _ in rows]), days)
    assert 1 <= found <= np.bincount(days).max() + 1e-6


def test_a_history_of_days_that_end_alike_stands_on_a_lower_rung() -> None:
    pytest.importorskip("sklearn")
    apart, labels, weights = rows(count=400)
    alone = np.arange(len(labels), dtype=np.int64)
    together = np.empty(len(labels), np.int64)
    together[np.argsort(labels, kind="stable")] = alone // 40  # the failures on days of their own
    members = {
        name: tuple(Blend().fit(Rows(apart.raw, days=days), labels, weights).members)
        for name, days in (("alone", alone), ("together", together))
    }
    assert members == {"alone": ("prior", "forest-history"), "together": ("prior",)}
