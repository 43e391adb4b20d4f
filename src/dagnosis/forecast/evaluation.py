"""How good forecasts are: split by time, never at random, beside what one would do without a model.

The history is cut at 70 % of its labelled runs by time of request. Models are fitted on outcomes that
were known at that moment, and again twice while the rest goes by, each time on what was known then.
The threshold for precision, recall and F1 is chosen on the last 15 % before the cut, which a model
fitted before them predicts. `random_split` shows once what a split at random would have pretended.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from dagnosis.errors import UnreadableInput
from dagnosis.forecast import batch
from dagnosis.forecast.batch import NEVER, Runs
from dagnosis.forecast.calibration import (
    Bin,
    Line,
    brier,
    calibration_error,
    fit_line,
    noise,
    reliability,
)
from dagnosis.forecast.models import Chances, Labels, Model, Rows, make
from dagnosis.forecast.models.blend import Blend
from dagnosis.forecast.samples import FAILURES, SUCCESSES

CUT = 0.7
VALIDATION = 0.15
REFITS = 3
BUDGETS = (0.01, 0.05)
BASELINES = ("last-10", "previous-state")
LEAST = 50
"""Labelled runs, and 5 failures, that a bucket or an evaluation needs."""

Index: TypeAlias = NDArray[np.int64]


class Scores(msgspec.Struct, frozen=True):
    """Figures of one model on the same runs; probabilities and shares in [0, 1].

    `low` and `high` bound the PR-AUC: 95 % of bootstrap samples of whole days. `budgets` gives
    precision and recall when 1 % and 5 % of the runs raise an alert. Higher is better but for `brier`
    and `calibration_error`.
    """

    model: str
    runs: int
    failures: int
    pr_auc: float
    low: float
    high: float
    roc_auc: float
    accuracy: float
    precision: float
    recall: float
    f1: float
    threshold: float
    brier: float
    calibration_error: float
    budgets: dict[str, tuple[float, float]]
    buckets: dict[str, tuple[int, float]]


class Evaluation(msgspec.Struct, frozen=True):
    """All models on the same runs; the default is first.

    `buckets` of a score name parts of them (first failures: the task's last outcome was a success or
    there was none; cold starts; without the largest incident) with runs and PR-AUC. `random_split` is
    the PR-AUC that the plain forest would have shown on a split at random. `noise` is the calibration
    error that a perfectly calibrated forecaster would show on these runs, usually and at most
    (`calibration.noise`).
    """

    name: str
    runs: int
    labelled: int
    failed: float
    cut: float
    scores: tuple[Scores, ...]
    noise: tuple[float, float]
    diagrams: dict[str, tuple[Bin, ...]]
    daily: tuple[tuple[float, int, int, float], ...]
    random_split: float | None = None


def evaluate(
    name: str,
    runs: Runs,
    plain: NDArray[np.float32] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Evaluation:
    """Evaluate every model on a table of runs.

    Raises `UnreadableInput` where there is too little to judge by: fewer than 50 labelled runs or 5
    failures on either side of the cut.
    """  # fmt: skip
    cut, test, before = _split(name, runs)
    progress("features")
    rows = Rows(batch.matrix(runs), plain, runs.days)
    _ = rows.design
    chances, validation = _walk(rows, runs, cut, test, before, progress)
    truth = runs.label[test] == 1
    parts = _parts(rows, runs, test)
    days = runs.days[test]
    scores = tuple(
        _score(model, truth, chances[model], parts, days, _threshold(runs, validation, model))
        for model in chances
    )
    progress("random split")
    return Evaluation(
        name=name,
        runs=len(runs),
        labelled=int((runs.label >= 0).sum()),
        failed=float(truth.mean()),
        cut=cut / 1e6,
        scores=scores,
        noise=noise(truth, next(iter(chances.values())), days),
        diagrams={m: tuple(reliability(truth, chances[m])) for m in chances},
        daily=_daily(days, truth, next(iter(chances.values()))),
        random_split=_random_split(rows, runs) if plain is not None else None,
    )


def _split(name: str, runs: Runs) -> tuple[int, Index, Index]:
    labelled = np.flatnonzero(runs.label >= 0)
    failures = int((runs.label == 1).sum())
    if len(labelled) < 2 * LEAST or failures < 10:
        raise UnreadableInput(
            f"{name}: not enough history: {len(labelled):,} runs with a known end, "
            f"{failures:,} failed; an evaluation needs {2 * LEAST} and 10"
        )
    order = labelled[np.argsort(runs.asked[labelled], kind="stable")]
    cut = int(runs.asked[order[int(CUT * (len(order) - 1))]])
    before, test = order[runs.asked[order] <= cut], order[runs.asked[order] > cut]
    for part, where in ((before, "before"), (test, "after")):
        failed = int((runs.label[part] == 1).sum())
        if len(part) < LEAST or failed < 5 or failed == len(part):
            raise UnreadableInput(
                f"{name}: not enough history: {len(part):,} runs {where} the cut at {CUT:.0%} of "
                f"time, {failed:,} failed; an evaluation needs {LEAST} and 5, and some that did not"
            )
    return cut, test, before


def _walk(
    rows: Rows, runs: Runs, cut: int, test: Index, before: Index, progress: Callable[[str], None]
) -> tuple[dict[str, Chances], tuple[Index, dict[str, Chances]]]:
    """Predictions for `test`, and for the last part of `before` by models that did not know it."""
    held = before[int(len(before) * (1 - VALIDATION)) :]
    progress("models of the validation")
    validation = _predict(rows, runs, int(runs.asked[held[0]]), held)
    line = {
        m: fit_line(p, runs.label[held], runs.days[held])
        for m, p in validation.items()
        if _learns(m)
    }
    validation = {m: line.get(m, Line())(p) for m, p in validation.items()}
    pieces: dict[str, list[Chances]] = {}
    past_chances: dict[str, list[Chances]] = {}
    told: list[Index] = []
    for number, piece in enumerate(np.array_split(test, REFITS), 1):
        progress(f"models {number} of {REFITS}")
        now = max(cut, int(runs.asked[piece[0]]))
        raw = _predict(rows, runs, now, piece)
        for model, predicted in raw.items():
            if told and _learns(model):  # calibrated on what was predicted and is known by now
                index = np.concatenate(told)
                known = runs.known[index] <= now
                seen = np.concatenate(past_chances[model])[known]
                line[model] = fit_line(seen, runs.label[index][known], runs.days[index][known])
            pieces.setdefault(model, []).append(line.get(model, Line())(predicted))
            past_chances.setdefault(model, []).append(predicted)
        told.append(piece)
    joined = {model: np.concatenate(parts) for model, parts in pieces.items()}
    return joined, (held, validation)


def _learns(model: str) -> bool:
    return model not in BASELINES


def _predict(rows: Rows, runs: Runs, now: int, index: Index) -> dict[str, Chances]:
    """Every model, fitted on what was known at `now`, asked about `index`."""
    known = np.flatnonzero((runs.label >= 0) & (runs.known <= now))
    chosen, weights = sample(runs.label, known)
    learn, labels = rows.take(chosen), runs.label[chosen]
    asked = rows.take(index)
    blend = Blend().fit(learn, labels, weights)
    predicted = {blend.name: blend.predict(asked)}
    for member in blend.members.values():
        predicted[member.name] = member.predict(asked)
    for name in ("prior", "forest", *BASELINES):
        if name not in predicted and (name != "forest" or rows.plain is not None):
            predicted[name] = make(name).fit(learn, labels, weights).predict(asked)
    return predicted


def sample(label: Labels, known: Index, seed: int = 42) -> tuple[Index, NDArray[np.float64]]:
    """As `samples.Sample` would have kept: classes apart, all of time alike."""
    random = np.random.default_rng(seed)
    chosen, weights = [], []
    for value, room in ((0, SUCCESSES), (1, FAILURES)):
        mine = known[label[known] == value]
        kept = np.sort(random.choice(mine, room, replace=False)) if len(mine) > room else mine
        chosen.append(kept)
        weights.append(np.full(len(kept), len(mine) / max(len(kept), 1)))
    return np.concatenate(chosen), np.concatenate(weights)


def _threshold(runs: Runs, validation: tuple[Index, dict[str, Chances]], model: str) -> float:
    """The threshold of the best F1 on the validation; 0.5 where that has no failure."""
    held, chances = validation
    return best_threshold(runs.label[held] == 1, chances[model])


def best_threshold(truth: NDArray[Any], chances: Chances) -> float:
    """Where F1 is highest; 0.5 for truth of one class."""
    if not 0 < truth.sum() < len(truth):
        return 0.5
    from sklearn.metrics import precision_recall_curve

    precision, recall, thresholds = precision_recall_curve(truth, chances)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(thresholds[min(int(np.argmax(f1)), len(thresholds) - 1)])


def pr_auc(truth: NDArray[Any], chances: Chances) -> float:
    """Average precision, 0 to 1; ties broken at random with a fixed seed, as no order was given.

    NaN where no run failed.
    """
    if not truth.any():
        return float("nan")
    from sklearn.metrics import average_precision_score

    jitter = np.random.default_rng(0).uniform(0, 1e-9, len(chances))
    return float(average_precision_score(truth, chances + jitter))


def _score(
    model: str,
    truth: NDArray[np.bool_],
    chances: Chances,
    parts: dict[str, NDArray[np.bool_]],
    days: NDArray[np.int64],
    threshold: float,
) -> Scores:
    from sklearn.metrics import roc_auc_score

    alarm = chances >= threshold
    hits = int((alarm & truth).sum())
    low, high = _interval(truth, chances, days)
    return Scores(
        model=model,
        runs=len(truth),
        failures=int(truth.sum()),
        pr_auc=pr_auc(truth, chances),
        low=low,
        high=high,
        roc_auc=float(roc_auc_score(truth, chances)),
        accuracy=float((alarm == truth).mean()),
        precision=hits / max(int(alarm.sum()), 1),
        recall=hits / int(truth.sum()),
        f1=2 * hits / max(int(alarm.sum() + truth.sum()), 1),
        threshold=threshold,
        brier=brier(truth, chances),
        calibration_error=calibration_error(truth, chances),
        budgets={f"{share:.0%}": budget(truth, chances, share) for share in BUDGETS},
        buckets={
            name: (int(part.sum()), pr_auc(truth[part], chances[part]))
            for name, part in parts.items()
            if part.sum() >= LEAST and 5 <= truth[part].sum() < part.sum()
        },
    )


def budget(truth: NDArray[Any], chances: Chances, share: float) -> tuple[float, float]:
    """Precision and recall when the riskiest `share` of the runs raise an alert (one at least)."""
    jitter = np.random.default_rng(0).uniform(0, 1e-9, len(chances))
    top = np.argsort(-(chances + jitter))[: max(1, int(len(truth) * share))]
    return float(truth[top].mean()), float(truth[top].sum() / max(truth.sum(), 1))


def _interval(
    truth: NDArray[np.bool_], chances: Chances, days: NDArray[np.int64], draws: int = 100
) -> tuple[float, float]:
    """Bounds of the PR-AUC; days are drawn whole, since failures come in incidents."""
    random = np.random.default_rng(0)
    groups = np.split(np.arange(len(days)), np.flatnonzero(np.diff(days)) + 1)
    found = []
    for _ in range(draws):
        drawn = np.concatenate([groups[i] for i in random.integers(0, len(groups), len(groups))])
        if truth[drawn].any():
            found.append(pr_auc(truth[drawn], chances[drawn]))
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def _parts(rows: Rows, runs: Runs, test: Index) -> dict[str, NDArray[np.bool_]]:
    """Masks over `test`: the hard parts."""
    labelled = np.flatnonzero(runs.label >= 0)
    labelled = labelled[np.argsort(runs.asked[labelled], kind="stable")]
    task = runs.codes["task"][labelled]
    order = np.argsort(task, kind="stable")
    last = np.zeros(len(labelled), np.int8)
    earlier = np.zeros(len(labelled), np.int64)
    same = task[order][1:] == task[order][:-1]
    last[order[1:][same]] = runs.label[labelled[order[:-1][same]]]
    begin = np.maximum.accumulate(np.where(np.r_[True, ~same], np.arange(len(order)), 0))
    earlier[order] = np.arange(len(order)) - begin
    place = np.empty(len(runs), np.int64)
    place[labelled] = np.arange(len(labelled))
    at = place[test]
    known = rows.raw[test, 0]
    hour = runs.asked[test] // 3_600_000_000
    failed = runs.label[test] == 1
    worst = np.bincount(hour - hour.min(), weights=failed).argmax() + hour.min()
    return {
        "first failures": last[at] == 0,
        "first failures after 20 successes": rows.raw[test, 7] <= -20,
        "cold start: no run before": earlier[at] == 0,
        "cold start: 1 to 4 runs before": (earlier[at] >= 1) & (earlier[at] <= 4),
        "5 or more known outcomes": known >= 5,
        "without the worst hour": hour != worst,
    }


def _daily(
    days: NDArray[np.int64], truth: NDArray[np.bool_], chances: Chances
) -> tuple[tuple[float, int, int, float], ...]:
    """Day (seconds since 1970), runs, failures, failures expected."""
    out = []
    for day in np.unique(days):
        mine = days == day
        out.append(
            (
                float(day) * 86400,
                int(mine.sum()),
                int(truth[mine].sum()),
                float(chances[mine].sum()),
            )
        )
    return tuple(out)


def _random_split(rows: Rows, runs: Runs) -> float | None:
    """PR-AUC of the plain forest on a split at random, which lets it see the same incidents."""
    labelled = np.flatnonzero((runs.label >= 0) & (runs.known != NEVER))
    random = np.random.default_rng(42)
    random.shuffle(labelled)
    labelled = labelled[: FAILURES + SUCCESSES]
    cut = int(len(labelled) * CUT)
    learn, asked = labelled[:cut], labelled[cut:]
    forest: Model = make("forest").fit(rows.take(learn), runs.label[learn], np.ones(len(learn)))
    truth = runs.label[asked] == 1
    return pr_auc(truth, forest.predict(rows.take(asked))) if truth.any() else None
