"""Evaluation by time, its report, and histories that are too short."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dagnosis.errors import UnreadableInput
from dagnosis.forecast import batch
from dagnosis.forecast.evaluation import best_threshold, budget, evaluate, pr_auc
from dagnosis.forecast.history import Outcome
from dagnosis.forecast.report import page
from dagnosis.forecast.samples import Sample
from tests.forecast.making import events
from tests.forecast.test_features import table_of


def test_every_model_is_judged_on_the_same_runs(tmp_path: Path) -> None:
    runs = batch.load(table_of(events(700, 1), tmp_path / "runs.csv"))
    found = evaluate("made up", runs, batch.plain(runs))
    by_name = {score.model: score for score in found.scores}
    assert next(iter(by_name)) == "blend"
    assert {"prior", "forest", "last-10", "previous-state"} <= set(by_name)
    assert len({(score.runs, score.failures) for score in found.scores}) == 1
    assert by_name["blend"].pr_auc > found.failed
    for score in found.scores:
        assert score.low <= score.pr_auc <= score.high or score.runs < 300
        assert 0 <= score.calibration_error <= 1
    assert found.random_split is not None
    html = page(found)
    assert html.count("<svg") >= 4
    assert "http" not in html  # nothing is loaded from elsewhere
    assert "Not a result" in html


@pytest.mark.parametrize("failing", [0, 3])
def test_too_little_history(tmp_path: Path, failing: int) -> None:
    stream = [
        event._replace(label=0) if isinstance(event, Outcome) else event for event in events(300, 1)
    ]
    runs = batch.load(table_of(stream, tmp_path / "runs.csv"))
    runs.label[:failing] = 1
    with pytest.raises(UnreadableInput, match="not enough history"):
        evaluate("made up", runs)


def test_figures() -> None:
    truth = np.array([True, False, True, False])
    assert pr_auc(truth, np.array([0.9, 0.1, 0.8, 0.2])) == 1
    assert np.isnan(pr_auc(truth[1:2], np.array([0.3])))
    assert budget(truth, np.array([0.9, 0.1, 0.8, 0.2]), 0.25) == (1.0, 0.5)
    assert best_threshold(truth, np.array([0.9, 0.1, 0.8, 0.2])) == 0.8
    assert best_threshold(truth[:1], np.array([0.9])) == 0.5


def test_a_sample_is_bounded_and_counts_all() -> None:
    from dagnosis.forecast.features import NAMES

    sample = Sample(failures=10, successes=20)
    for number in range(1000):
        row = np.full(len(NAMES), number, np.float32)
        sample.add(row.tobytes(), int(number % 10 == 0), number // 7)
    rows, labels, weights = sample.rows()
    assert len(rows) == 30
    assert weights[labels == 1].sum() == pytest.approx(100)
    assert weights[labels == 0].sum() == pytest.approx(900)
    assert np.median(rows.raw[labels == 0, 0]) == pytest.approx(500, abs=250)  # of all of time
    assert rows.days is not None
    assert (rows.days == rows.raw[:, 0] // 7).all()
