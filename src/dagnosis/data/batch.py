"""Is this batch like its past? One finding a batch, with a budget of false alarms.

`Judge.learn(profile)` takes in a batch that was right, `Judge.score(profile)` says how strange a
batch is beside those learned before, and decides nothing; a `Budget` decides. Batches come in the
order of their partitions.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from dagnosis.data.baseline import ENOUGH, Baseline, Level, seasons
from dagnosis.data.freezing import frozen, melted, restored
from dagnosis.data.measures import Measure, measures, moment_of, rate
from dagnosis.data.profile.values import VERSION, ColumnProfile, Profile

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

STARTS = 8
"""Batches from which another is judged; before, only what is certain is said (schema, no rows)."""
CERTAIN = 100.0
"""Score of what needs no statistics: a column gone, another type, no rows where there always were."""
RETYPED, WIDENED = 15.0, 5.0
"""Scores of integers that became fractions, and of integers that came as floats beside nulls, which
is what pandas makes of a column with its first null."""
TOLD = 2.5
"""Score from which a measure is told."""
MOST = 30.0
"""No measure scores more."""
QUIET, QUIET_BATCHES, BOOST = 2.2, 15, 2.5
"""What never happened in `QUIET_BATCHES` batches (no error above `QUIET` noises) weighs up to `BOOST`
times as much when it happens: the first nulls of a column that never had one."""
NOVEL = frozenset(
    {
        "new value",
        "new shape",
        "new exact shape",
        "new null pattern",
        "below range",
        "above range",
        "repeated rows",
        "rows of the last batch",
        "content of the last batch",
    }
)
"""Measures that are zero in a healthy table."""
FOLLOWED = math.asin(math.sqrt(0.004))
"""Usual share (on the scale of comparison) from which the share of a value is judged."""
YOUNG = 6.0
"""The usual error of a measure seen n times is taken for 1 + YOUNG / n as large."""
ANYWAY = math.asin(math.sqrt(0.5))
"""Usual share of rows from which a measure of rows that should not be is of no use."""
PAST = 180
"""Newest scores that the limit is made from."""
PRIOR, PRIOR_WEIGHT = 9.0, 120.0
"""Limit of the score of a table that is not known yet, and the batches that this is worth."""
CEILING = 10.0
"""No table is so restless that more would pass for healthy."""
FLOOR = 4.5
"""No limit is lower: of a thousand measures one exceeds 4 noises by chance in 16 batches."""


class Budget(msgspec.Struct, frozen=True):
    """Decides what is an alarm: `per_month` false alarms are accepted of one table."""

    per_month: float = 0.25

    def limit(self, scores: Iterable[float], per_day: float = 1.0) -> float:
        """The score above which a batch is an alarm, from the scores of the healthy past.

        The tail of the past scores is taken as exponential above their upper fifth, and prolonged to
        the rate of the budget. Without a past the limit is `PRIOR`.

        >>> Budget().limit([])
        9.0
        """
        given = list(scores)
        # a judge that knows little yet is startled easily
        past = sorted(given[len(given) // 4 :][-PAST:] if len(given) > 2 * STARTS else given)
        share = min(max(self.per_month / (30.4 * per_day), 1e-6), 0.5)
        if len(past) < STARTS:
            return PRIOR
        start = past[int(len(past) * 0.8)]
        excess = sorted(score - start for score in past if score >= start)
        # the mean by the median: one odd day must not raise the limit for all others
        mean = excess[len(excess) // 2] / math.log(2)
        own = start + mean * math.log(max(0.2 / share, 1.0))
        own = min(own, CEILING)
        weight = len(past) / (len(past) + PRIOR_WEIGHT)
        return max(FLOOR, weight * own + (1 - weight) * PRIOR)


class Difference(msgspec.Struct, frozen=True):
    """One measure that is out of line: what it is now, what is usual, how strange, in words."""

    column: str
    measure: str
    now: float
    usual: float
    score: float
    words: str


class Blame(msgspec.Struct, frozen=True):
    """A column (`*` for the batch as a whole) and how much speaks against it; 1 is the most blamed."""

    column: str
    weight: float


class Judgement(msgspec.Struct, frozen=True):
    """How strange a batch is. `score` grows with strangeness; `limit` is where the budget draws the
    line; `confidence` in [0, 1] is how far the past allows a judgement at all."""

    partition: str
    score: float
    limit: float
    alarm: bool
    confidence: float
    batches: int
    blamed: tuple[Blame, ...]
    differences: tuple[Difference, ...]


class Judge:
    """The past of one table, folded; learning and scoring take time O(measures), not O(past)."""

    def __init__(
        self,
        budget: Budget | None = None,
        holidays: frozenset[date] = frozenset(),
    ) -> None:
        self.budget = budget or Budget()
        self.holidays = holidays
        self.baseline = Baseline()
        self.places: dict[str, int] = {}
        self.shares: dict[str, list[int]] = defaultdict(list)
        self.scores: list[float] = []
        self.last: Profile | None = None
        self.empties = 0
        self.newest = ""
        self.moments: list[datetime] = []
        self.novel: list[bool] = []
        self.share: list[bool] = []

    # -- what the past says ------------------------------------------------------------------

    def learn(self, profile: Profile) -> None:
        """Take in a batch that was right or was accepted."""
        found = measures(profile, self.last)
        if self.baseline.batches >= STARTS:
            self.scores.append(self._score(profile, found)[0])
        self._name(found, (measure.upward for measure in found.values()))
        values, noise = self._vectors(profile, found)
        self.baseline.update(values, noise, self._keys(profile))
        moment = moment_of(profile.partition)
        if moment:
            self.moments = [*self.moments[-30:], moment]
        self.newest = max(self.newest, profile.partition)
        self.empties += profile.rows == 0
        if profile.rows:
            self.last = profile

    def accept(self, profile: Profile) -> None:
        """Take in a batch that was an alarm and is the new normal: the past is moved to its level."""
        found = measures(profile, self.last)
        self._name(found, (measure.upward for measure in found.values()))
        values, _ = self._vectors(profile, found)
        self.baseline.shift(values, self._keys(profile))
        scores = len(self.scores)
        self.learn(profile)
        del self.scores[scores:]  # it was no healthy batch of the old normal

    def score(self, profile: Profile) -> Judgement:
        """Judge a batch against what was learned; the past stays as it is."""
        found = measures(profile, self.last)
        score, strange, expected = self._score(profile, found)
        limit = self.budget.limit(self.scores, self.per_day)
        certain = self._certain(profile)
        differences = [*certain, *self._differences(found, strange, expected)]
        best = max([score, *(one.score for one in certain)])
        known = self.baseline.batches
        return Judgement(
            partition=profile.partition,
            score=best,
            limit=limit,
            alarm=best > limit and (known >= STARTS or (best >= RETYPED and known > 0)),
            confidence=known / (known + 20.0),
            batches=known,
            blamed=_blamed(differences),
            differences=tuple(sorted(differences, key=lambda one: -one.score)[:20]),
        )

    @property
    def per_day(self) -> float:
        """Batches a day, from the dates of the partitions; 1 where they have none."""
        last = self.moments[-30:]
        if len(last) < 2 or last[-1] <= last[0]:
            return 1.0
        return (len(last) - 1) / ((last[-1] - last[0]).total_seconds() / 86400)

    def dump(self) -> bytes:
        """What was learned, as bytes (MessagePack); the budget is not part of it."""
        base = dict(vars(self.baseline))
        levels, seasonal = base.pop("levels"), base.pop("seasonal")
        state = {
            "version": VERSION,
            "holidays": [day.isoformat() for day in sorted(self.holidays)],
            "baseline": {key: _listed(value) for key, value in base.items()},
            "levels": [frozen(vars(level)) for level in levels],
            "seasonal": [
                [*key, *(frozen(vars(level)) for level in pair)] for key, pair in seasonal.items()
            ],
            "places": list(self.places),
            "scores": self.scores,
            "last": self.last,
            "newest": self.newest,
            "empties": self.empties,
            "moments": [moment.isoformat() for moment in self.moments],
        }
        return msgspec.msgpack.encode(state)

    @classmethod
    def load(cls, data: bytes, budget: Budget, holidays: frozenset[date]) -> Judge | None:
        """A judge from `dump`; None for another version or other holidays: fold the past anew."""
        state = msgspec.msgpack.decode(data)
        days = [day.isoformat() for day in sorted(holidays)]
        if state.get("version") != VERSION or state["holidays"] != days:
            return None
        judge = cls(budget, holidays)
        judge._name(state["places"], [False] * len(state["places"]))
        base = judge.baseline
        for key, value in state["baseline"].items():
            setattr(base, key, _unlisted(value))
        base.levels = [restored(Level, level) for level in state["levels"]]
        base.seasonal = {
            (place, key): (restored(Level, level), restored(Level, offset))
            for place, key, level, offset in state["seasonal"]
        }
        judge.scores, judge.empties = state["scores"], state["empties"]
        judge.newest = state["newest"]
        judge.last = msgspec.convert(state["last"], Profile | None)
        judge.moments = [datetime.fromisoformat(moment) for moment in state["moments"]]
        return judge

    # -- measures as vectors -----------------------------------------------------------------

    def _keys(self, profile: Profile) -> list[object]:
        moment = moment_of(profile.partition)
        return list(seasons(moment, self.per_day > 1.5, self.holidays))

    def _name(self, names: Iterable[str], upward: Iterable[bool]) -> None:
        """Give a place to each measure that has none yet."""
        flags = []
        for name, more in zip(names, upward, strict=True):
            if name in self.places:
                continue
            flags.append(more)
            column, _, what = name.partition("|")
            self.places[name] = len(self.places)
            self.novel.append(what in NOVEL)
            self.share.append(what.startswith("share of "))
            if self.share[-1]:
                self.shares[column].append(self.places[name])
        self.baseline.widen(flags)

    def _vectors(self, profile: Profile, found: dict[str, Measure]) -> tuple[Floats, Floats]:
        import numpy as np

        values = np.full(len(self.places), np.nan)
        noise = values.copy()
        if profile.sampled:
            # a value that is not among the frequent ones of its column has about no share
            none = rate(0, profile.sampled)
            for column in profile.columns:
                places = self.shares.get(column.name, ())
                values[places], noise[places] = none.value, none.noise
        for name, measure in found.items():
            place = self.places.get(name)
            if place is not None:
                values[place], noise[place] = measure.value, measure.noise
        return values, noise

    def _score(self, profile: Profile, found: dict[str, Measure]) -> tuple[float, Floats, Floats]:
        """The score of a batch, and of each measure; what was expected of each."""
        import numpy as np

        base = self.baseline
        if not base.size:
            return 0.0, np.zeros(0), np.zeros(0)
        values, noise = self._vectors(profile, found)
        expected, usual = base.expect(self._keys(profile))
        strange = base.error(values, noise, expected) / usual
        # what was seen a few times only may be further off than it has shown so far
        young = 1 + YOUNG / np.maximum(base.seen, 1)
        quiet = np.array(self.novel) & (base.peak < QUIET) & (base.seen > QUIET_BATCHES)
        boost = np.clip(1 + (QUIET - base.peak) * 0.7, 1.0, BOOST)
        strange = np.where(quiet, strange * boost, strange / young)
        rare = np.array(self.share) & (base.levels[0].value < FOLLOWED)
        # where most rows are new in every batch, as in a growing key, more of them says nothing
        usual_anyway = base.upward & (base.levels[0].value > ANYWAY)
        judged = (base.seen >= ENOUGH) & ~np.isnan(strange) & ~rare & ~usual_anyway
        strange = np.where(judged, np.minimum(strange, MOST), 0.0)
        return float(strange.max(initial=0.0)), strange, expected

    # -- what is said ------------------------------------------------------------------------

    def _certain(self, profile: Profile) -> list[Difference]:
        """What needs no statistics: columns gone, new or of another type, and no rows."""
        if self.last is None:
            return []
        if not profile.rows and not self.empties:
            words = f"no rows at all, where the last batch had {self.last.rows:,}"
            return [Difference("*", "rows", 0.0, float(self.last.rows), CERTAIN, words)]
        before = {column.name: column for column in self.last.columns}
        now = {column.name: column for column in profile.columns}
        gone, new = sorted(before.keys() - now.keys()), sorted(now.keys() - before.keys())
        found = [
            Difference(name, "schema", 0.0, 1.0, CERTAIN, f"the column {name} is gone")
            for name in gone
        ]
        # less than what is gone: a renamed column is blamed by its old name
        found += [
            Difference(name, "schema", 1.0, 0.0, CERTAIN * 0.9, f"the column {name} is new")
            for name in new
        ]
        for name in sorted(before.keys() & now.keys()):
            found += _retyped(before[name], now[name])
        return found

    def _differences(
        self, found: dict[str, Measure], strange: Floats, expected: Floats
    ) -> list[Difference]:
        from dagnosis.data.words import usual_of, words_of

        names = list(self.places)
        differences = []
        for place in (strange >= TOLD).nonzero()[0].tolist():
            column, _, what = names[place].partition("|")
            # a value that is not among the frequent ones of its column has about no share
            now = found[names[place]].raw if names[place] in found else 0.0
            usual = usual_of(what, float(expected[place]))
            words = words_of(column, what, now, usual)
            difference = Difference(column, what, now, usual, float(strange[place]), words)
            differences.append(difference)
        return differences


def _listed(value: Any) -> Any:
    return [frozen(one) for one in value] if isinstance(value, list) else frozen(value)


def _unlisted(value: Any) -> Any:
    return [melted(one) for one in value] if isinstance(value, list) else melted(value)


def _retyped(before: ColumnProfile, now: ColumnProfile) -> list[Difference]:
    if before.kind == now.kind:
        return []
    score = CERTAIN
    if {before.kind, now.kind} == {"integer", "float"}:
        harmless = now.fractions == 0 and before.fractions == 0
        nulls = bool(now.totals.nulls or before.totals.nulls)
        score = WIDENED if harmless and nulls else RETYPED
        if now.kind == "integer":
            score = 0.0
    if not score:
        return []
    words = f"{now.name} is of type {now.type}, it was {before.type}"
    return [Difference(now.name, "schema", 1.0, 0.0, score, words)]


RELATED = {
    "belonging": 0.5,
    "odd beside others": 0.5,
    "odd beside two": 0.8,
    "against rules": 0.8,
    "breaks rules": 0.4,
    "off its line": 0.6,
    "distance to line": 0.6,
}
"""Measures that show that one of several columns is wrong, and what they weigh beside a column's own."""


def _blamed(differences: list[Difference]) -> tuple[Blame, ...]:
    """Columns by how much speaks against them: the squares of their three strangest measures."""
    against: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for one in differences:
        weight = RELATED.get(one.measure)
        columns = one.column.split("~") if one.measure == "belonging" else [one.column]
        for column in columns:
            against[column, weight is None].append(one.score * (weight or 1.0))
    squares: dict[str, float] = defaultdict(float)
    for (column, _), scores in against.items():
        squares[column] += sum(score**2 for score in sorted(scores)[-3:])
    weights = {column: math.sqrt(square) for column, square in squares.items()}
    most = max(weights.values(), default=0.0)
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Blame(column, weight / most) for column, weight in ranked[:10])
