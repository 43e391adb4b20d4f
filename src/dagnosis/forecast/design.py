"""How models see the features: rates shrunk towards the wider track, logarithms of counts and times.

A raw rate of a task with two outcomes says little, so each running rate is completed with what the
wider track shows (task <- DAG <- owner <- everything), and taken as log-odds. Nothing here counts
upwards for ever or names a member of a track: what was learned on one deployment, or one month, must
mean the same on the next.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dagnosis.forecast import facts
from dagnosis.forecast.features import FAST, MIDDLE, NAMES, SLOW, TRACKS

Matrix: TypeAlias = NDArray[np.float32]

_AT = {name: index for index, name in enumerate(NAMES)}
_CHAIN = ("owner", "dag", "task")
_ASIDE = ("kind", "shape")
_RATES = (("fast", FAST), ("middle", MIDDLE), ("slow", SLOW))
_LONG_AGO = 1e8
"""Seconds that stand for never: three years."""
_MANY = 300
"""Outcomes beyond which a longer history makes no difference."""


def logit(p: NDArray[Any], edge: float = 1e-3) -> NDArray[Any]:
    """Log-odds of probabilities, which are kept `edge` away from 0 and 1."""
    clipped = np.clip(p, edge, 1 - edge)
    odds: NDArray[Any] = np.log(clipped / (1 - clipped))
    return odds


def _common() -> tuple[str, ...]:
    names = ["all: failure rate", "all: recent failure rate"]
    for track in (*_CHAIN, *_ASIDE):
        names += [f"{track}: {rate} failure rate" for rate, _ in _RATES]
        names.append(f"{track}: failure rate")
    names += [
        "task: failures in a row", "task: successes in a row", "task: never ran", "task: outcomes",
        "task: last failed", "task: time since failure", "owner: last failed", "task: pending",
        "task: cancelled rate", "task: gap", "task: time since outcome",
    ]  # fmt: skip
    return tuple(names)


def _local() -> tuple[str, ...]:
    names: list[str] = []
    for track in TRACKS:
        names += [
            f"{track}: {what}"
            for what in (
                "cancelled", "last three", "streak", "ends last hour", "failures last hour",
                "failure rate last hour", "failures last day", "failure rate last day",
                "known outcomes", "runs pending", "time since request", "time since last outcome",
                "time since last failure", "last duration", "usual duration", "gap before",
            )
        ]  # fmt: skip
    return (
        *names, "hour of day", "weekday", "priority", "cpus", "memory", "time asked for",
        "age of version", *(f"facts: {name}" for name in facts.NAMES),
    )  # fmt: skip


COMMON: tuple[str, ...] = _common()
"""Columns that mean the same in every deployment; the shipped prior knows these alone."""
COLUMNS: tuple[str, ...] = (*COMMON, *_local())
"""Columns of the model matrix."""


def design(raw: Matrix, only_common: bool = False) -> Matrix:
    """The model matrix of raw features: shape (rows, `COLUMNS`), float32 without NaN.

    `only_common` stops after `COMMON`.
    """
    width = len(COMMON) if only_common else len(COLUMNS)
    out = np.empty((len(raw), width), np.float32, order="F")
    filler = _Filler(out)
    overall = _fill_common(filler, raw)
    if not only_common:
        _fill_local(filler, raw, overall)
    assert filler.at == width
    return out


class _Filler:
    def __init__(self, out: Matrix) -> None:
        self.out = out
        self.at = 0

    def __call__(self, *columns: NDArray[np.floating] | NDArray[np.bool_]) -> None:
        for column in columns:
            self.out[:, self.at] = column
            self.at += 1


def _get(raw: Matrix, track: str, slot: str) -> Matrix:
    column: Matrix = raw[:, _AT[f"{track}.{slot}"]]
    return column


def _log(column: Matrix) -> Matrix:
    """log(1 + x) of a count or a number of seconds; never is three years."""
    filled: Matrix = np.log1p(np.maximum(np.nan_to_num(column, nan=_LONG_AGO), 0))
    return filled


def _fill_common(put: _Filler, raw: Matrix) -> Matrix:
    count = _get(raw, "all", "outcomes")
    overall = (_get(raw, "all", "failures") + np.float32(0.5)) / (count + 5)
    put(logit(overall), logit(_completed(raw, "all", "slow", SLOW, overall)))
    wider = overall
    for track in _CHAIN:
        wider = _fill_rates(put, raw, track, wider)
    for track in _ASIDE:
        _fill_rates(put, raw, track, overall)
    outcomes = _get(raw, "task", "outcomes")
    streak = _get(raw, "task", "streak")
    put(
        np.log1p(np.maximum(streak, 0)),
        np.log1p(np.maximum(-streak, 0)),
        outcomes == 0,
        np.log1p(np.minimum(outcomes, _MANY)),
        streak > 0,
        _log(_get(raw, "task", "since_failure")),
        _get(raw, "owner", "streak") > 0,
        _log(_get(raw, "task", "pending")),
        _get(raw, "task", "cancelled"),
        _log(_get(raw, "task", "gap")),
        _log(_get(raw, "task", "since")),
    )
    return overall


def _fill_rates(put: _Filler, raw: Matrix, track: str, wider: Matrix) -> Matrix:
    for slot, weight in _RATES:
        put(logit(_completed(raw, track, slot, weight, wider)))
    rate: Matrix = (_get(raw, track, "failures") + 2 * wider) / (_get(raw, track, "outcomes") + 2)
    put(logit(rate))
    return rate


def _completed(raw: Matrix, track: str, slot: str, weight: float, wider: Matrix) -> Matrix:
    """A running rate that began at 0, as if it had begun at the wider rate."""
    left = np.exp(_get(raw, track, "outcomes") * np.float32(np.log1p(-weight)))
    rate: Matrix = _get(raw, track, slot) + left * wider
    return rate


def _fill_local(put: _Filler, raw: Matrix, overall: Matrix) -> None:
    for track in TRACKS:
        hour, hour_failed = _get(raw, track, "hour"), _get(raw, track, "hour_failed")
        day, day_failed = _get(raw, track, "day"), _get(raw, track, "day_failed")
        put(
            _get(raw, track, "cancelled"),
            _get(raw, track, "last3"),
            np.clip(_get(raw, track, "streak"), -50, 50),
            np.log1p(hour),
            np.log1p(hour_failed),
            (hour_failed + overall) / (hour + 1),
            np.log1p(day_failed),
            (day_failed + overall) / (day + 1),
            np.log1p(np.minimum(_get(raw, track, "outcomes"), _MANY)),
            _log(_get(raw, track, "pending")),
            _log(_get(raw, track, "gap")),
            _log(_get(raw, track, "since")),
            _log(_get(raw, track, "since_failure")),
            np.nan_to_num(_get(raw, track, "seconds"), nan=-1),
            _get(raw, track, "usual"),
            _log(_get(raw, track, "gap_before")),
        )
    for name in ("hour_of_day", "weekday", "priority", "req_cpus", "req_mem", "req_time"):
        put(np.nan_to_num(raw[:, _AT[name]], nan=-1))
    put(_log(raw[:, _AT["version_age"]]))
    put(*(_log(raw[:, _AT[f"facts.{name}"]]) for name in facts.NAMES))
