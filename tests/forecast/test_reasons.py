"""Reasons are exact, and said in words; durations have honest quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from dagnosis.forecast.calibration import Line
from dagnosis.forecast.design import logit
from dagnosis.forecast.durations import KEPT, Durations
from dagnosis.forecast.models import Model
from dagnosis.forecast.models.blend import EDGE, Blend
from dagnosis.forecast.models.boosted import Boosted
from dagnosis.forecast.models.forest import HistoryForest
from dagnosis.forecast.models.logistic import Logistic
from dagnosis.forecast.reasons import contributions, reasons
from tests.forecast.making import rows


@pytest.fixture(scope="module")
def blend() -> Blend:
    data, labels, weights = rows(600)
    weights = np.where(labels == 1, 1.0, 3.0)
    made = Blend()
    members: list[Model] = [made.prior, Logistic(), Boosted(), HistoryForest()]
    made.members = {one.name: one.fit(data, labels, weights) for one in members}
    return made


def test_parts_add_up_to_the_forecast(blend: Blend) -> None:
    data, *_ = rows(600)
    for index in (0, 1, 50, 300, 599):
        base, parts = contributions(blend, data.raw[index])
        odds = blend.log_odds(data.take(np.array([index])))[0]
        assert base + parts.sum() == pytest.approx(odds, abs=1e-9)


def test_of_each_member_too(blend: Blend) -> None:
    data, *_ = rows(600)
    for member in blend.members.values():
        alone = Blend(blend.prior)
        alone.members = {member.name: member}
        base, parts = contributions(alone, data.raw[77])
        aim = logit(member.predict(data.take(np.array([77]))), EDGE)[0]
        assert base + parts.sum() == pytest.approx(aim, abs=1e-9)
        assert np.abs(parts).sum() > 0


def test_a_shipped_prior_words_its_reasons() -> None:
    from dagnosis.forecast.features import Stream
    from dagnosis.forecast.history import Outcome, Request

    state = Stream()
    for number in range(8):
        state.ask(Request(str(number), "etl", "load", number * 3600.0))
        state.tell(Outcome(str(number), number * 3600.0 + 60, 1, 60.0))
    raw = np.array(state.ask(Request("x", "etl", "load", 8 * 3600.0)), np.float32)
    found = reasons(Blend(), Line(), raw)
    assert found[0].weight > 0
    assert any("failed 8 times in a row, 8 of the last 8 failed" in one.text for one in found)
    assert [abs(one.weight) for one in found] == sorted(
        (abs(o.weight) for o in found), reverse=True
    )


def test_durations() -> None:
    known = Durations()
    assert known.quantiles("a") is None
    for seconds in range(1, 20):
        known.tell("a", float(seconds))
    assert known.quantiles("a") == (10.0, 18.0)
    assert known.quantiles("a", elapsed=15) == (18.0, 19.0)
    assert known.quantiles("a", elapsed=100) == (100, 100)
    assert known.quantiles("new") == known.quantiles("a")
    for _ in range(2 * KEPT):
        known.tell("a", 7.0)
    assert known.quantiles("a") == (7.0, 7.0)


def test_nine_in_ten_end_within_the_quantile() -> None:
    draw = np.random.default_rng(0)
    known, within = Durations(), []
    for _ in range(4000):
        seconds = float(np.exp(draw.normal(5, 1)))
        quantiles = known.quantiles("a")
        if quantiles:
            within.append(seconds <= np.float32(quantiles[1]))
        known.tell("a", seconds)
    assert 0.88 <= np.mean(within) <= 0.93
