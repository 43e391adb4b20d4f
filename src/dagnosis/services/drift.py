"""Watch the forecast in use: do its probabilities still mean what they say?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from dagnosis.errors import UnreadableInput
from dagnosis.extras import need_learn
from dagnosis.forecast.drift import Window, windows

LEAST = 50


class Drift(msgspec.Struct, frozen=True):
    """The windows, the newest last, and the model that answered. `drifted` is that of the newest."""

    model: str
    windows: tuple[Window, ...]
    drifted: bool


def watch(
    runs: Path,
    size: int = 1000,
    folder: Path | None = None,
    step: Callable[[str], None] = lambda _: None,
) -> Drift:
    """Forecasts of the model in use for runs that were asked for after it was trained, beside how
    they ended, in windows of `size` runs.

    Raises `UnreadableInput` where fewer than 50 of them have ended, `MissingExtra` without the extra
    `learn`.
    """
    need_learn("forecast drift")
    import numpy as np

    from dagnosis.forecast import batch, facts, trained
    from dagnosis.forecast.history import Table
    from dagnosis.forecast.models import Rows
    from dagnosis.models import store

    step("reading")
    table = batch.load(Table(runs), facts.read(facts.place(runs)))
    opened = store.open_model(trained.NAME, trained.FORMAT, folder)
    until = opened.manifest.until if opened else None
    fresh = (table.label >= 0) & (table.asked > (until.timestamp() * 1e6 if until else -np.inf))
    index = np.flatnonzero(fresh)
    index = index[np.argsort(table.asked[index], kind="stable")]
    model = trained.in_use(folder)
    if len(index) < LEAST:
        raise UnreadableInput(
            f"{runs}: {len(index):,} runs that were asked for after the {model.origin} was trained "
            f"have ended; {LEAST} are needed to judge it"
        )
    step("forecasts")
    chances = model.predict(Rows(batch.matrix(table)[index]))
    found = windows(table.label[index] == 1, chances, table.asked[index] / 1e6, size)
    return Drift(model.origin, tuple(found), found[-1].drifted)


def metrics(found: Drift) -> dict[str, float]:
    """The newest window as plain values, for whoever exports metrics: name -> value, shares in
    [0, 1]."""
    newest = found.windows[-1]
    return {
        "forecast_window_runs": float(newest.runs),
        "forecast_failed_ratio": newest.failed,
        "forecast_expected_ratio": newest.forecast,
        "forecast_calibration_error": newest.calibration_error,
        "forecast_calibration_error_by_chance": newest.chance,
        "forecast_brier": newest.brier,
        "forecast_skill": newest.skill,
        "forecast_drifted": float(newest.drifted),
    }
