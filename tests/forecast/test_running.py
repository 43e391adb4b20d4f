"""The risk of a run while it goes on: Bayes' rule, and what history teaches beyond it."""

from __future__ import annotations

import numpy as np
import pytest

from dagnosis.forecast.calibration import brier, calibration_error
from dagnosis.forecast.durations import Durations
from dagnosis.forecast.running import NOTHING, RULE, Signals, Snapshot, Update, fit


def test_without_news_the_forecast_stays() -> None:
    assert Update()([Snapshot(0.2, 0.0)]) == pytest.approx([0.2])
    assert Update()([Snapshot(0.2, 0.0, Signals(99, 9, 1e4))]) == pytest.approx([0.2])
    assert Update((1, 1, 0, 0, 0, 0))([Snapshot(0.5, np.log(3))]) == pytest.approx([0.75])
    assert 0.5 < Update()([Snapshot(0.5, np.log(3))])[0] < 0.75
    assert len(Update()([])) == 0


def lived(seed: int = 0) -> tuple[Durations, np.random.Generator]:
    """A task whose successes take about 100 s, and whose failures hang for 300 s or die at once."""
    draw, known = np.random.default_rng(seed), Durations()
    for _ in range(400):
        failed = draw.random() < 0.3
        known.tell("a", takes(draw, failed), failed=bool(failed))
    return known, draw


def takes(draw: np.random.Generator, failed: bool) -> float:
    if failed:
        return float(draw.choice([5.0, 300.0]) * draw.uniform(0.8, 1.2))
    return float(100 * draw.uniform(0.8, 1.2))


def test_age_moves_the_risk_as_it_should() -> None:
    known, draw = lived()
    assert known.lives_longer("never ran", 10.0) == 0.0
    assert known.lives_longer("a", 50.0) < 0 < known.lives_longer("a", 150.0)
    for elapsed, least in ((50.0, 0.0), (150.0, 0.8)):
        fate = [(failed, takes(draw, failed)) for failed in draw.random(4000) < 0.3]
        alive = np.array([failed for failed, total in fate if total > elapsed])
        # a forecast that knows nothing of the task's times: age counts fully
        bayes = Update((1.0, 1.0, 0.0, 0.0, 0.0, 0.0))
        chances = bayes([Snapshot(0.3, known.lives_longer("a", elapsed))] * len(alive))
        assert abs(chances[0] - alive.mean()) < 0.1
        assert chances[0] >= least


def snapshots(count: int) -> tuple[list[Snapshot], np.ndarray]:
    """Of runs whose errors tell what the forecast does not."""
    draw = np.random.default_rng(1)
    labels = (draw.random(count) < 0.3).astype(np.int8)
    made = [
        Snapshot(0.3, 0.0, Signals(errors=int(draw.poisson(4 if label else 0.5))))
        for label in labels
    ]
    return made, labels


def test_signals_count_once_history_shows_it() -> None:
    seen, labels = snapshots(3000)
    update = fit(seen[:2000], labels[:2000])
    assert update.weights[3] > 0.5
    chances = update(seen[2000:])
    truth = labels[2000:] == 1
    assert calibration_error(truth, chances, 5) < 0.1
    assert brier(truth, chances) < 0.6 * brier(truth, np.full(1000, 0.3))
    quiet, loud = update([Snapshot(0.3, 0.0), Snapshot(0.3, 0.0, Signals(errors=5))])
    assert quiet < 0.3 < loud


@pytest.mark.parametrize("count", [0, 50])
def test_little_history_leaves_the_rule(count: int) -> None:
    seen, labels = snapshots(count)
    assert fit(seen, labels).weights == RULE


def test_what_helps_nothing_is_not_learned() -> None:
    draw = np.random.default_rng(0)
    forecasts = draw.beta(1, 3, 4000)
    labels = (draw.random(4000) < forecasts).astype(np.int8)
    update = fit([Snapshot(float(p), 0.0, NOTHING) for p in forecasts], labels)
    left = np.abs(np.array(update.weights) - RULE)
    assert np.delete(left, 1).max() < 0.15


def test_lateness() -> None:
    known = Durations()
    assert known.after("a", 60.0) is None
    assert known.ends("a") is None
    for seconds in range(1, 20):
        known.tell("a", float(seconds), total=float(seconds + 100))
    known.tell("a", 1e6, total=1e6, failed=True)
    assert known.quantiles("a") == (10.0, 18.0)
    assert known.ends("a") == (110.0, 118.0)
    assert known.after("a", 110.5) == pytest.approx(9.5 / 20)
    assert known.after("a", 110.5, elapsed=109.0) == pytest.approx(9.5 / 11)
    assert known.after("a", 110.5, elapsed=111.0) == 1.0
