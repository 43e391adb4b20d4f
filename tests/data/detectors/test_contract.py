"""What every detector answers; it finds its subjects by itself."""

from __future__ import annotations

import math
import pkgutil
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.data import detectors
from dagnosis.data.detectors import NAMES, Limit, detector
from dagnosis.errors import WrongUse

numbers = st.floats(-1e9, 1e9, allow_nan=False)


def test_every_module_is_listed() -> None:
    assert {module.name for module in pkgutil.iter_modules(detectors.__path__)} == set(NAMES)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_an_outlier_scores_more(name: str) -> None:
    learned = detector(name).learn(np.random.default_rng(0).normal(10, 1, 200))
    assert learned.score(40) > learned.score(10.5)
    assert Limit(learned.usual.above).alarm(learned.score(40))


def test_not_a_number(name: str) -> None:
    learned = detector(name).learn([1, 2, 3, math.nan, math.inf])
    assert math.isnan(learned.score(math.nan))
    assert math.isnan(learned.score(None))
    assert learned.score(math.inf) == math.inf
    assert learned.score(-math.inf) == math.inf
    assert not learned.usual.alarm(math.nan)


@pytest.mark.parametrize("window", [[], [math.nan], [math.inf, -math.inf]])
def test_nothing_to_learn(name: str, window: list[float]) -> None:
    assert math.isnan(detector(name).learn(window).score(1.0))


@pytest.mark.parametrize("value", [0.0, 5.0, 0.1, 1e300, 2.0**60, -7.3])
@pytest.mark.parametrize("size", [1, 2, 10])
def test_a_constant(name: str, value: float, size: int) -> None:
    learned = detector(name).learn([value] * size)
    assert learned.score(value) == 0
    assert learned.score(value * 2 + 1) == math.inf


def test_other_types(name: str) -> None:
    learned = detector(name).learn([Decimal("1.5"), 2, True, 10**30, None])
    assert learned.score(Decimal(2)) >= 0 or name == "article"
    with pytest.raises(WrongUse, match="numbers"):
        detector(name).learn(["a", "b"])


@given(st.lists(numbers, max_size=30), numbers)
def test_scores_never_change_it(window: list[float], value: float) -> None:
    for each in NAMES:
        learned = detector(each).learn(window)
        first = learned.score(value)
        learned.scores([value, 1e9, -1e9])
        again = learned.score(value)
        assert first == again or (math.isnan(first) and math.isnan(again))
        assert math.isnan(first) == (not window)


def test_unknown() -> None:
    with pytest.raises(WrongUse, match="known are"):
        detector("psychic")
