"""A trained forecaster as files: the blend, its calibration, and what alerts need to know.

Kept by `dagnosis.models` under the name `forecast`; where none was promoted the shipped prior answers.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import msgspec
import numpy as np
from typing_extensions import Self

from dagnosis.errors import MissingExtra, RefusedModelWarning
from dagnosis.forecast.calibration import IDENTITY, Line
from dagnosis.forecast.models import Chances, Rows
from dagnosis.forecast.models.blend import Blend
from dagnosis.forecast.running import Update

NAME = "forecast"
FORMAT = 2
_ABOUT = "forecast.json"
_QUANTILES = 201


class About(msgspec.Struct, frozen=True):
    """What stands beside the model: calibration, the forecasts of the newest slice by quantile with
    how many runs a day it had, from which a budget of alerts becomes a threshold, and how risks move
    while runs go on."""

    line: Line = IDENTITY
    quantiles: tuple[float, ...] = ()
    runs_a_day: float = 0.0
    update: Update = Update()

    def threshold(self, alerts_a_day: float) -> float:
        """The probability above which so many alerts a day are raised; 0.5 where nothing is known."""
        if not self.quantiles or self.runs_a_day <= 0:
            return 0.5
        share = min(alerts_a_day / self.runs_a_day, 1.0)
        levels = np.linspace(0, 1, len(self.quantiles))
        return float(np.interp(1 - share, levels, self.quantiles))


def about(chances: Chances, line: Line, days: float, update: Update) -> About:
    """From the calibrated forecasts of the newest slice, which lasted `days`."""
    quantiles = np.quantile(chances, np.linspace(0, 1, _QUANTILES)) if len(chances) else np.zeros(0)
    a_day = len(chances) / days if days > 0 else 0.0
    return About(line, tuple(quantiles.tolist()), a_day, update)


class Trained:
    """A blend with its calibration."""

    def __init__(self, blend: Blend, about: About, origin: str) -> None:
        self.blend = blend
        self.about = about
        self.origin = origin

    def predict(self, rows: Rows) -> Chances:
        """Calibrated probabilities."""
        return self.about.line(self.blend.predict(rows))

    def save(self, folder: Path) -> None:
        """Into an existing folder; the manifest is the caller's."""
        self.blend.save(folder)
        (folder / _ABOUT).write_bytes(msgspec.json.encode(self.about))

    @classmethod
    def load(cls, folder: Path, origin: str) -> Self:
        """From `save`."""
        about = msgspec.json.decode((folder / _ABOUT).read_bytes(), type=About)
        return cls(Blend().load(folder), about, origin)


def in_use(folder: Path | None = None) -> Trained:
    """The promoted model, else the shipped prior. `folder` as in `dagnosis.models.store`.

    A model whose trees cannot be read, as the extra `learn` is not installed, is named in a
    `RefusedModelWarning`, and the prior answers.
    """
    from dagnosis.models.store import open_model

    opened = open_model(NAME, FORMAT, folder)
    if opened is not None:
        try:
            return Trained.load(opened.folder, f"{opened.origin} {opened.manifest.version}")
        except MissingExtra as error:
            told = f"{NAME} {opened.manifest.version}: {error}; the shipped prior answers instead"
            warnings.warn(told, RefusedModelWarning, stacklevel=2)
    return Trained(Blend(), About(), "shipped prior")
