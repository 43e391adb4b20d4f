"""The default: a mean of the log-odds of models that err differently, as far as history carries.

The ladder: with less than `SOME` history the prior answers alone, then it and a forest; from `MUCH` on
boosted trees and a regression on all columns, too. A history is as long as it is worth in independent
runs (`clusters`): twenty bad nights teach twenty lessons, however many runs failed in each, and trees
learn such nights by heart. Without the extra `learn` there are no trees: the ladder is the prior, then
it and the regression. The prior stays, since what it was shown elsewhere holds where the local past is
no guide: it counts twice beside a forest that has seen little, and half beside the three others, which
costs 0.001 of PR-AUC where there is history in plenty. These have the same say: weights that are fitted
on few failures say more about the last incident than about the next.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import msgspec
import numpy as np
from typing_extensions import Self

from dagnosis.extras import lacking
from dagnosis.forecast.clusters import design_effect
from dagnosis.forecast.design import logit
from dagnosis.forecast.models import Chances, Labels, Model, Rows, Weights
from dagnosis.forecast.models.boosted import Boosted
from dagnosis.forecast.models.forest import HistoryForest
from dagnosis.forecast.models.linear import chance
from dagnosis.forecast.models.logistic import Logistic
from dagnosis.forecast.models.prior import Prior
from dagnosis.forecast.models.trees import Trees

SOME = (150, 15)
"""Independent outcomes, and failures among them (and successes), from which a forest is of use."""
MUCH = (2000, 100)
"""From which boosted trees and a regression on all columns are, too."""
TWICE, HALF = 2.0, 0.5
"""What the prior counts beside a forest that has seen little, and beside three others."""
EDGE = 1e-4
"""How near to 0 or 1 a member may go; a forest says 0 where it saw no failure."""


class Blend:
    """`members` are those that have a say, by name; `left_out` those that would have one if the extra
    `learn` were installed."""

    name: ClassVar[str] = "blend"

    def __init__(self, prior: Prior | None = None) -> None:
        self.prior = prior or Prior()
        self.members: dict[str, Model] = {self.prior.name: self.prior}
        self.left_out: tuple[str, ...] = ()

    def fit(self, rows: Rows, labels: Labels, weights: Weights) -> Self:
        """Choose the rung, fit its members."""
        members: list[Model] = [self.prior]
        worth = self._worth(rows, labels, weights)
        if _enough(worth, MUCH):
            members += [Logistic(), Boosted(), HistoryForest()]
        elif _enough(worth, SOME):
            members.append(HistoryForest())
        if lacking():
            self.left_out = tuple(one.name for one in members if isinstance(one, Trees))
            members = [one for one in members if not isinstance(one, Trees)]
        self.members = {one.name: one.fit(rows, labels, weights) for one in members}
        return self

    def _worth(self, rows: Rows, labels: Labels, weights: Weights) -> tuple[float, float]:
        """Outcomes, and the fewer of failures and successes, as independent ones."""
        failures = float(weights[labels == 1].sum())
        total = float(weights.sum())
        alike = 1.0
        if rows.days is not None and len(labels):
            left = (labels == 1) - self.prior.predict(rows)
            alike = design_effect(left, rows.days, weights)
        return total / alike, min(failures, total - failures) / alike

    def predict(self, rows: Rows) -> Chances:
        """Probabilities."""
        return chance(self.log_odds(rows))

    def weights(self) -> dict[str, float]:
        """The say of each member; they add up to 1."""
        say = dict.fromkeys(self.members, 1.0)
        prior = self.prior.name
        if prior in say and len(say) > 2:
            say[prior] = HALF
        elif say.keys() == {prior, HistoryForest.name}:
            say[prior] = TWICE
        return {name: own / sum(say.values()) for name, own in say.items()}

    def log_odds(self, rows: Rows) -> Chances:
        """The weighted mean over the members."""
        total = np.zeros(len(rows))
        if len(self.members) > 1:
            _ = rows.design  # made once for all
        for name, weight in self.weights().items():
            total += weight * logit(self.members[name].predict(rows), EDGE)
        return total

    def save(self, folder: Path) -> None:
        """The members' files and blend.json."""
        (folder / "blend.json").write_bytes(msgspec.json.encode(list(self.members)))
        for member in self.members.values():
            member.save(folder)

    def load(self, folder: Path) -> Self:
        """From `save`."""
        known: dict[str, type[Model]] = {
            one.name: one for one in (Prior, Logistic, Boosted, HistoryForest)
        }
        names = msgspec.json.decode((folder / "blend.json").read_bytes(), type=list[str])
        self.members = {name: known[name]().load(folder) for name in names}
        return self


def _enough(worth: tuple[float, float], rung: tuple[int, int]) -> bool:
    return worth[0] >= rung[0] and worth[1] >= rung[1]
