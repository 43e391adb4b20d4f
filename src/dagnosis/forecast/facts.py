"""Dated facts about a DAG or a task, from whoever knows them: incidents, data findings, code changes.

Runs say how a task did; facts say what happened around it. The feed is neutral: forecast knows neither
who found a fact nor how, only its kind, whom it is about and since when it was known. Facts of a
moment come before the requests of the same moment, and one that is known later changes no forecast.

State is O(1): for each DAG and task, and each kind, a count that decays over a day.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dagnosis.errors import UnreadableInput

if TYPE_CHECKING:
    from dagnosis.forecast.history import Event

DAY = 86400.0
KINDS: dict[str, str] = {
    "transient": "an incident whose cause passes by itself",
    "permanent": "an incident whose cause stays until somebody mends it",
    "finding": "something was wrong with data that it reads or writes",
    "change": "its code changed: a new version of the DAG",
    "upstream": "a DAG failed that makes what this one reads",
    "asset": "what it reads was updated",
    "touch": "somebody cleared, triggered or marked runs by hand",
}
"""Kinds of facts and what they mean."""
OF_TASKS = ("transient", "permanent", "finding")
"""Kinds that are counted for the task, too; the others are about a whole DAG."""
DATED = ("change", "asset")
"""Kinds of which the time since the last one counts, too."""
NAMES: tuple[str, ...] = (
    *(f"dag.{kind}_day" for kind in KINDS),
    *(f"dag.{kind}_since" for kind in DATED),
    *(f"task.{kind}_day" for kind in OF_TASKS),
)
"""The features: counts of about the last day (decaying), seconds since the last one (NaN: none)."""


class Fact(NamedTuple):
    """One of `KINDS` about a DAG, or about a task where `task_id` is not empty, known from
    `known_at` on (seconds since 1970, UTC)."""

    kind: str
    dag_id: str
    task_id: str
    known_at: float


class Tally:
    """Decaying counts of each kind, of one DAG or task."""

    __slots__ = ("_kinds",)

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[float, float]] = {}

    def know(self, kind: str, now: float) -> None:
        """Count a fact."""
        self._kinds[kind] = (self.day(kind, now) + 1.0, now)

    def day(self, kind: str, now: float) -> float:
        """How many there were in about the last day."""
        count, at = self._kinds.get(kind, (0.0, now))
        return count * math.exp((at - now) / DAY)

    def since(self, kind: str, now: float) -> float:
        """Seconds since the last; NaN for none."""
        found = self._kinds.get(kind)
        return now - found[1] if found else math.nan


_NONE = Tally()
NOTHING: tuple[float, ...] = tuple(math.nan if name.endswith("_since") else 0.0 for name in NAMES)
"""The features where no fact is known."""


class Facts:
    """What is known so far of every DAG and task. `know` in order of time."""

    def __init__(self) -> None:
        self._dags: dict[str, Tally] = {}
        self._tasks: dict[tuple[str, str], Tally] = {}

    def know(self, fact: Fact) -> None:
        """Take a fact. Raises KeyError for an unknown kind."""
        _ = KINDS[fact.kind]
        self._dags.setdefault(fact.dag_id, Tally()).know(fact.kind, fact.known_at)
        if fact.task_id and fact.kind in OF_TASKS:
            key = fact.dag_id, fact.task_id
            self._tasks.setdefault(key, Tally()).know(fact.kind, fact.known_at)

    def read(self, dag_id: str, task_id: str, now: float) -> tuple[float, ...]:
        """The values of `NAMES` at `now`."""
        dag = self._dags.get(dag_id)
        if dag is None:
            return NOTHING
        task = self._tasks.get((dag_id, task_id), _NONE)
        return (
            *(dag.day(kind, now) for kind in KINDS),
            *(dag.since(kind, now) for kind in DATED),
            *(task.day(kind, now) for kind in OF_TASKS),
        )


Mixed: TypeAlias = "Event | Fact"


def merged(events: Iterable[Event], facts: Iterable[Fact]) -> Iterator[Mixed]:
    """One stream: facts in order of time among the events, before what is of the same moment."""
    waiting = iter(sorted(facts, key=lambda fact: fact.known_at))
    coming = next(waiting, None)
    for event in events:
        while coming is not None and coming.known_at <= event.time:
            yield coming
            coming = next(waiting, None)
        yield event
    while coming is not None:
        yield coming
        coming = next(waiting, None)


class Dated:
    """Facts of one kind about many, to be looked up for many runs at once.

    `who` are numbers of DAGs or tasks, `times` microseconds since 1970; both in any order.
    """

    def __init__(self, who: NDArray[np.int64], times: NDArray[np.int64]) -> None:
        by_time = np.argsort(times, kind="stable")
        self._moments = times[by_time]
        keys = who[by_time] * (len(times) + 1) + np.arange(len(times))
        order = np.argsort(keys)
        self._keys = keys[order]
        self._who = who[by_time][order]
        self._times = self._moments[order] / 1e6
        self._days = self._decayed()

    def _decayed(self) -> NDArray[np.float64]:
        days = np.ones(len(self._times))
        for at in range(1, len(days)):
            if self._who[at] == self._who[at - 1]:
                passed = self._times[at] - self._times[at - 1]
                days[at] += days[at - 1] * math.exp(-passed / DAY)
        return days

    def __call__(
        self, who: NDArray[np.int64], now: NDArray[np.float64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Count of about the last day and seconds since the last (NaN: none), for each run."""
        before = np.searchsorted(self._moments, np.round(now * 1e6).astype(np.int64), "right")
        last = np.searchsorted(self._keys, who * (len(self._keys) + 1) + before, "left") - 1
        there = last >= 0
        there[there] = self._who[last[there]] == who[there]
        days = np.zeros(len(who), np.float32)
        since = np.full(len(who), np.nan, np.float32)
        passed = now[there] - self._times[last[there]]
        days[there] = self._days[last[there]] * np.exp(-passed / DAY)
        since[there] = passed
        return days, since


# ---------------------------------------------------------------- the file


def place(runs: Path) -> Path:
    """Where the facts about a table of runs are kept: beside it, `runs.parquet.facts.csv`."""
    return runs.with_name(runs.name + ".facts.csv")


def read(path: Path) -> list[Fact]:
    """Facts of a CSV with kind, dag_id, task_id and known_at (ISO 8601, UTC where no zone is given);
    none where there is no such file.

    Raises `UnreadableInput` that names the row.
    """
    import csv
    from datetime import datetime, timezone

    if not path.exists():
        return []
    found: list[Fact] = []
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        for row, values in enumerate(csv.DictReader(file), 1):
            try:
                when = datetime.fromisoformat(values["known_at"].replace("Z", "+00:00"))
                if when.tzinfo is None:
                    when = when.replace(tzinfo=timezone.utc)
                fact = Fact(values["kind"], values["dag_id"], values["task_id"], when.timestamp())
            except (KeyError, TypeError, ValueError, AttributeError):
                raise UnreadableInput(
                    f"{path}: row {row}: a fact is kind,dag_id,task_id,known_at, and known_at a time"
                ) from None
            if fact.kind not in KINDS:
                raise UnreadableInput(
                    f"{path}: row {row}: kind is {fact.kind!r}; known are {', '.join(KINDS)}"
                )
            found.append(fact)
    return found


def keep(path: Path, facts: Iterable[Fact]) -> int:
    """Add facts to the file, each once, in order of time; returns how many there are then."""
    import csv
    from datetime import datetime, timezone

    everything = sorted({*read(path), *facts}, key=lambda fact: (fact.known_at, fact))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(Fact._fields)
        for fact in everything:
            when = datetime.fromtimestamp(fact.known_at, timezone.utc)
            out.writerow((fact.kind, fact.dag_id, fact.task_id, when.isoformat()))
    part.replace(path)
    return len(everything)
