"""Why a run is risky: what each thing known about it adds to the log-odds, exactly, in words.

A linear member's parts are coefficient x input. A tree's are the steps of its path: each split moves
the expectation from a node to its child, and the move belongs to the split's column. Parts of all
members add up to the log-odds of the forecast; columns that say the same are summed and worded once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from dagnosis.forecast.calibration import Line
from dagnosis.forecast.design import COLUMNS, COMMON, logit
from dagnosis.forecast.facts import KINDS
from dagnosis.forecast.features import NAMES
from dagnosis.forecast.models import Model, Rows
from dagnosis.forecast.models.blend import EDGE, Blend
from dagnosis.forecast.models.boosted import Boosted
from dagnosis.forecast.models.forest import HistoryForest
from dagnosis.forecast.models.logistic import Logistic
from dagnosis.forecast.models.prior import Prior

Parts: TypeAlias = NDArray[np.float64]


class Reason(msgspec.Struct, frozen=True):
    """A sentence, and what it adds to the log-odds: above 0 it raises the risk."""

    text: str
    weight: float


def contributions(blend: Blend, raw: NDArray[np.float32]) -> tuple[float, Parts]:
    """Base and parts (one for each of `design.COLUMNS`) of one row of features; base + parts.sum()
    is the log-odds of the blend."""
    rows = Rows(raw.reshape(1, -1))
    base, parts = 0.0, np.zeros(len(COLUMNS))
    for name, weight in blend.weights().items():
        own, moved = _member(blend.members[name], rows)
        base += weight * own
        parts += weight * moved
    return base, parts


def reasons(blend: Blend, line: Line, raw: NDArray[np.float32], most: int = 3) -> list[Reason]:
    """The sentences that move the risk of one row most, strongest first; those below 0.05 are left
    out."""
    _, parts = contributions(blend, raw)
    values = dict(zip(NAMES, raw.tolist(), strict=True))
    weights: dict[str, float] = {}
    for column, part in zip(COLUMNS, (parts * line.slope).tolist(), strict=True):
        about = _about(_folded(column, values))
        weights[about] = weights.get(about, 0.0) + part
    ranked = sorted(weights.items(), key=lambda item: -abs(item[1]))
    return [
        Reason(_worded(about, values), weight) for about, weight in ranked if abs(weight) >= 0.05
    ][:most]


def update_reason(before: float, now: float, elapsed: float) -> Reason | None:
    """What moved the risk of a run since it was asked for; None where that is below 0.05."""
    moved = float(np.diff(logit(np.array([before, now]), 1e-6))[0])
    if abs(moved) < 0.05:
        return None
    return Reason(f"it has not ended after {_span(elapsed)} (the risk was {before:.1%})", moved)


# ---------------------------------------------------------------- parts of a member


def _member(member: Model, rows: Rows) -> tuple[float, Parts]:
    aim = float(logit(member.predict(rows), EDGE)[0])
    if isinstance(member, Prior | Logistic) and not getattr(member, "only", None):
        width = len(COMMON) if isinstance(member, Prior) else len(COLUMNS)
        terms = member.linear.contributions(rows.design[:, :width])[0]
        parts = np.zeros(len(COLUMNS))
        parts[:width] = terms[:-1]
        return _aimed(float(terms[-1]), parts, aim)
    if isinstance(member, Boosted) and member.only is None:
        return _aimed(*_boosted(member, rows), aim)
    if isinstance(member, HistoryForest) and member.only is None:
        return _forest(member, rows, aim)
    return aim, np.zeros(len(COLUMNS))


def _aimed(base: float, parts: Parts, aim: float) -> tuple[float, Parts]:
    """Parts stretched so that they end at `aim`, where log-odds were cut."""
    total = parts.sum()
    if abs(total) < 1e-12:
        return aim, np.zeros(len(parts))
    return base, parts * ((aim - base) / total)


def _boosted(member: Boosted, rows: Rows) -> tuple[float, Parts]:
    inputs = rows.design[0, member.columns]
    parts = np.zeros(len(COLUMNS))
    base = float(np.ravel(member.trees._baseline_prediction)[0]) + member.shift
    for trees in member.trees._predictors:
        nodes = trees[0].nodes
        expected = _expected(nodes)
        at = 0
        base += expected[0]
        while not nodes["is_leaf"][at]:
            feature = int(nodes["feature_idx"][at])
            left = inputs[feature] <= nodes["num_threshold"][at]
            child = int(nodes["left"][at] if left else nodes["right"][at])
            parts[member.columns[feature]] += expected[child] - expected[at]
            at = child
    return base, parts


def _expected(nodes: Any) -> NDArray[np.float64]:
    """The mean of the leaves under each node; children come after their parent."""
    expected = np.where(nodes["is_leaf"], nodes["value"], 0.0)
    count = nodes["count"].astype(float)
    for at in range(len(nodes) - 1, -1, -1):
        if not nodes["is_leaf"][at]:
            left, right = int(nodes["left"][at]), int(nodes["right"][at])
            both = count[left] + count[right]
            expected[at] = (expected[left] * count[left] + expected[right] * count[right]) / both
    return expected


def _forest(member: HistoryForest, rows: Rows, aim: float) -> tuple[float, Parts]:
    inputs = rows.design[0, member.columns]
    parts = np.zeros(len(COLUMNS))
    base = 0.0
    trees = [one.tree_ for one in member.trees.estimators_]
    for tree in trees:
        share = tree.value[:, 0, 1] / tree.value[:, 0, :].sum(1)
        base += share[0] / len(trees)
        for parent, child in _path(tree, inputs):
            column = member.columns[tree.feature[parent]]
            parts[column] += (share[child] - share[parent]) / len(trees)
    # shares add up, log-odds do not: each part gets its share of the whole move
    return _aimed(float(logit(np.array([base]), EDGE)[0]), parts, aim)


def _path(tree: Any, inputs: NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    at = 0
    while tree.children_left[at] >= 0:
        left = inputs[tree.feature[at]] <= tree.threshold[at]
        child = int(tree.children_left[at] if left else tree.children_right[at])
        yield at, child
        at = child


# ---------------------------------------------------------------- words

_SUBJECTS = {
    "task": "this task",
    "dag": "this DAG",
    "owner": "runs of this owner",
    "kind": "runs of this operator and queue",
    "shape": "runs like it",
    "all": "all runs",
}
_TIMING = (
    "gap",
    "time since",
    "pending",
    "ends last hour",
    "known outcomes",
    "outcomes",
    "never ran",
)
_LENGTH = ("duration", "cancelled")


def _folded(column: str, values: dict[str, float]) -> str:
    """The column of the task where the DAG, or the runs like it, are the task's very runs."""
    track, colon, what = column.partition(": ")
    same = track in ("dag", "shape") and all(
        values[f"{track}.{slot}"] == values[f"task.{slot}"] for slot in ("outcomes", "streak")
    )
    return f"task{colon}{what}" if colon and same else column


def _about(column: str) -> str:
    """The sentence that a column belongs to."""
    track, _, what = column.partition(": ")
    if track == "facts":
        return f"facts {what.rpartition('_')[0].partition('.')[2]}"
    if not what:
        return "calendar" if column in ("hour of day", "weekday") else f"asked {column}"
    if "last hour" in what or "last day" in what:
        return f"{track} lately"
    if any(word in what for word in _LENGTH):
        return f"{track} length"
    if any(word in what for word in _TIMING):
        return f"{track} timing"
    return f"{track} record"


def _worded(about: str, values: dict[str, float]) -> str:
    track, _, what = about.partition(" ")
    if about == "calendar":
        days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
        return (
            f"it runs on {days[int(values['weekday'])]} at {int(values['hour_of_day']):02d}:00 UTC"
        )
    if track == "asked":
        return f"what it asks for ({what})"
    if track == "facts":
        return _fact(what, values)
    subject = _SUBJECTS[track]
    if what == "record":
        return _record(subject, track, values)
    if what == "lately":
        ended, failed = values[f"{track}.day"], values[f"{track}.day_failed"]
        return f"{subject}: about {failed:.0f} of {ended:.0f} that ended in the last day failed"
    if what == "length":
        return f"{subject}: last took {_span(float(np.expm1(values[f'{track}.seconds'])))}"
    since, pending = values[f"{track}.gap"], values[f"{track}.pending"]
    waiting = f", {pending:.0f} of them not ended" if pending else ""
    if since != since:
        return f"{subject}: never ran before"
    return f"{subject}: last asked for {_span(since)} before{waiting}"


def _fact(kind: str, values: dict[str, float]) -> str:
    count = round(values[f"facts.dag.{kind}_day"])
    since = values.get(f"facts.dag.{kind}_since", float("nan"))
    when = f"last {_span(since)} before" if since == since else f"about {count} in the last day"
    return f"this DAG: {KINDS[kind]}, {when if count or since == since else 'not lately'}"


def _record(subject: str, track: str, values: dict[str, float]) -> str:
    outcomes = int(values[f"{track}.outcomes"])
    if not outcomes:
        return f"{subject}: no outcome known yet"
    streak = int(values[f"{track}.streak"])
    failed, known = int(values[f"{track}.last10"]), min(outcomes, 10)
    now = f"failed {streak} times in a row" if streak > 1 else (
        "failed last time" if streak == 1 else f"succeeded {-streak} times in a row"
    )  # fmt: skip
    if streak == -1:
        now = "succeeded last time"
    return f"{subject}: {now}, {failed} of the last {known} failed"


def _span(seconds: float) -> str:
    if seconds != seconds:
        return "an unknown time"
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
