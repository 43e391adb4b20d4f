"""The contract of models, checked for every model that there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dagnosis.errors import WrongUse
from dagnosis.forecast.models import Model, Rows, make, names
from tests.forecast.making import rows

MODELS = [name for name in names() if name != "blend"]


@pytest.fixture(scope="module", params=names())
def fitted(request: pytest.FixtureRequest) -> tuple[str, Rows, Model]:
    if request.param == "lightgbm":
        pytest.importorskip("lightgbm", reason="lightgbm is not installed (dagnosis[boost])")
    data, labels, weights = rows(600)
    return request.param, data, make(request.param).fit(data, labels, weights)


def test_probabilities(fitted: tuple[str, Rows, Model]) -> None:
    name, data, model = fitted
    chances = model.predict(data)
    assert chances.shape == (len(data),)
    assert np.isfinite(chances).all()
    assert ((chances >= 0) & (chances <= 1)).all()
    assert model.name == name
    assert len(model.predict(data.take(np.arange(0)))) == 0


def test_better_than_nothing(fitted: tuple[str, Rows, Model]) -> None:
    from dagnosis.forecast.evaluation import pr_auc

    _, data, model = fitted
    _, labels, _ = rows(600)
    assert pr_auc(labels == 1, model.predict(data)) > (labels == 1).mean()


def test_alone_as_in_a_batch(fitted: tuple[str, Rows, Model]) -> None:
    _, data, model = fitted
    whole = model.predict(data)
    alone = [model.predict(data.take(np.array([index])))[0] for index in (0, 17, 99)]
    np.testing.assert_allclose(alone, whole[[0, 17, 99]], rtol=1e-6, atol=1e-9)


def test_the_same_data_give_the_same_model(fitted: tuple[str, Rows, Model]) -> None:
    name, data, model = fitted
    _, labels, weights = rows(600)
    again = make(name).fit(data, labels, weights)
    np.testing.assert_array_equal(again.predict(data), model.predict(data))


def test_kept_and_read(fitted: tuple[str, Rows, Model], tmp_path: Path) -> None:
    from dagnosis.models import manifest

    name, data, model = fitted
    model.save(tmp_path)
    np.testing.assert_array_equal(make(name).load(tmp_path).predict(data), model.predict(data))
    manifest.write(tmp_path, "toy")  # refuses pickles and whatever it does not know


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize("count", [1, 40])
def test_one_class_only(name: str, label: int, count: int, tmp_path: Path) -> None:
    data, _, _ = rows(40)
    some = data.take(np.arange(count))
    model = make(name).fit(some, np.full(count, label, np.int8), np.ones(count))
    chances = model.predict(data)
    assert np.isfinite(chances).all()
    assert ((chances >= 0) & (chances <= 1)).all()
    model.save(tmp_path)
    np.testing.assert_array_equal(make(name).load(tmp_path).predict(data), chances)


@pytest.mark.parametrize("name", MODELS)
def test_equal_rows_say_nothing(name: str) -> None:
    if name == "lightgbm":
        pytest.importorskip("lightgbm", reason="lightgbm is not installed (dagnosis[boost])")
    data, _, _ = rows(40)
    same = data.take(np.zeros(50, int))
    labels = np.array([0, 1] * 25, np.int8)
    chances = make(name).fit(same, labels, np.ones(50)).predict(same)
    assert np.ptp(chances) < 1e-12


def test_lightgbm_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "lightgbm", None)
    data, labels, weights = rows(40)
    with pytest.raises(WrongUse, match=r"pip install 'dagnosis\[boost\]'"):
        make("lightgbm").fit(data, labels, weights)


def test_unknown_models_are_refused() -> None:
    with pytest.raises(WrongUse, match="known are blend, prior"):
        make("oracle")
