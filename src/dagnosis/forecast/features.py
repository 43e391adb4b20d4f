"""What is known of a run at the moment when it is asked for.

A run belongs to six tracks: its task, its DAG, its owner, its kind (queue and operator), its shape
(what it asks for) and everything. A `Track` keeps what a track has shown so far in a few numbers,
updated in O(1) when a run is asked for and when an outcome becomes known; `Stream.ask` reads the
tracks of a run before it is counted, so nothing later than the request can enter. Beside them stand the
facts that are known of its DAG and task (`facts`). `dagnosis.forecast.
batch` computes the same numbers for a whole table at once, for training.

Numbers are raw (counts, seconds, rates in 0 to 1), NaN where there is nothing to know; how a model
sees them is the business of `design`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dagnosis.forecast import facts
from dagnosis.forecast.facts import Fact, Facts

if TYPE_CHECKING:
    from dagnosis.forecast.history import Outcome, Request

HOUR = 3600.0
DAY = 86400.0
FAST, MIDDLE, SLOW = 1 / 3, 0.1, 0.02
"""Weights of the newest outcome in the running failure rates: they remember about 3, 10, 50."""
MEMORY = 0.1
"""Weight of the newest end in the running cancelled rate and duration."""
RING = 10
"""Outcomes whose order is kept."""

TRACKS = ("task", "dag", "owner", "kind", "shape", "all")
SLOTS = (
    "outcomes",  # labelled outcomes known
    "failures",  # of which failed
    "fast",  # running failure rates, from 0
    "middle",
    "slow",
    "last10",  # failures among the last ten
    "last3",  # the last three as bits, the newest lowest
    "streak",  # failures in a row, or minus successes in a row
    "since",  # seconds since the last labelled outcome
    "since_failure",
    "cancelled",  # running rate of ends that are no label
    "pending",  # asked for and not ended
    "gap",  # seconds since the last request
    "gap_before",  # seconds since the request before that
    "seconds",  # log(1 + seconds) of the last end
    "usual",  # running mean of the same
    "hour",  # ends in the last hour, decaying; then failures among them
    "hour_failed",
    "day",
    "day_failed",
)
STATIC = (
    "hour_of_day", "weekday", "priority", "req_cpus", "req_mem", "req_time", "version_age",
)  # fmt: skip
NAMES: tuple[str, ...] = (
    *(f"{track}.{slot}" for track in TRACKS for slot in SLOTS),
    *(f"facts.{name}" for name in facts.NAMES),
    *STATIC,
)
"""The columns of a row of features, float32."""

_NAN = math.nan
_MASK = (1 << RING) - 1
_BITS = tuple(value.bit_count() for value in range(_MASK + 1))


class Track:
    """What one track has shown so far; less than 1 KB, whatever it saw."""

    __slots__ = (
        "asked", "asked_at", "asked_before", "at", "cancelled", "day", "day_failed", "ended",
        "failed_at", "failures", "fast", "hour", "hour_failed", "known_at", "middle", "outcomes",
        "ring", "seconds", "slow", "streak", "usual",
    )  # fmt: skip

    def __init__(self) -> None:
        self.asked = self.ended = self.outcomes = self.failures = self.ring = self.streak = 0
        self.asked_at = self.asked_before = self.known_at = self.failed_at = self.seconds = _NAN
        self.fast = self.middle = self.slow = self.cancelled = self.usual = 0.0
        self.hour = self.hour_failed = self.day = self.day_failed = self.at = 0.0

    def read(self, now: float) -> tuple[float, ...]:
        """The values of `SLOTS` at `now`, seconds since 1970."""
        passed = self.at - now
        hour = math.exp(passed / HOUR)
        day = math.exp(passed / DAY)
        ring = self.ring
        return (
            self.outcomes, self.failures, self.fast, self.middle, self.slow,
            _BITS[ring], ring & 7, self.streak, now - self.known_at, now - self.failed_at,
            self.cancelled, self.asked - self.ended, now - self.asked_at, now - self.asked_before,
            self.seconds, self.usual,
            self.hour * hour, self.hour_failed * hour, self.day * day, self.day_failed * day,
        )  # fmt: skip

    def ask(self, now: float) -> None:
        """Count a request."""
        self.asked += 1
        self.asked_before = self.asked_at
        self.asked_at = now

    def tell(self, now: float, label: int, seconds: float) -> None:
        """Count an outcome: label 1, 0 or -1; `seconds` is log(1 + seconds) that it ran."""
        self.ended += 1
        passed = self.at - now
        hour = math.exp(passed / HOUR)
        day = math.exp(passed / DAY)
        self.at = now
        self.hour = self.hour * hour + 1.0
        self.day = self.day * day + 1.0
        self.hour_failed *= hour
        self.day_failed *= day
        self.seconds = seconds
        self.usual += MEMORY * (seconds - self.usual)
        if label < 0:
            self.cancelled += MEMORY * (1.0 - self.cancelled)
            return
        self.cancelled -= MEMORY * self.cancelled
        self.outcomes += 1
        self.known_at = now
        self.fast += FAST * (label - self.fast)
        self.middle += MIDDLE * (label - self.middle)
        self.slow += SLOW * (label - self.slow)
        self.ring = (self.ring << 1 | label) & _MASK
        if label:
            self.failures += 1
            self.failed_at = now
            self.hour_failed += 1.0
            self.day_failed += 1.0
            self.streak = self.streak + 1 if self.streak > 0 else 1
        else:
            self.streak = self.streak - 1 if self.streak < 0 else -1


def keys(request: Request) -> tuple[str, str, str, str, str]:
    """The names of the tracks of a run but the last, "all"; a name begins with its track's letter.

    A run without a task is its DAG: both tracks are one.
    """
    dag, queue, operator = request.dag_id, request.queue, request.operator
    task = f"t{dag}\0{request.task_id}"
    return (
        task,
        "d" + dag if request.task_id else task,
        "o" + request.owner,
        f"k{queue}\0{operator}",
        f"s{dag}\0{queue}\0{operator}\0{request.priority}\0{request.req_cpus}\0{request.req_time}",
    )


class Stream:
    """The tracks of everything seen so far. `ask` and `tell` in order of time.

    The clock never runs backwards: an event earlier than the one before it counts as of then.
    """

    def __init__(self) -> None:
        self._tracks: dict[str, Track] = {}
        self._all = Track()
        self._open: dict[str, tuple[Track, ...]] = {}
        self._versions: dict[str, tuple[str, float]] = {}
        self._facts = Facts()
        self.now = -math.inf

    def __len__(self) -> int:
        """The tracks that are kept."""
        return len(self._tracks) + 1

    def ask(self, request: Request) -> list[float]:
        """The features of a run, `NAMES` in order, and count it. Raises KeyError for a run that is
        open already."""
        if request.uid in self._open:
            raise KeyError(request.uid)
        now = self.now = max(self.now, request.time)
        tracks = self._of(request)
        row = self._read(request, tracks, now)
        if tracks[0] is tracks[1]:  # a run without a task counts once for its DAG
            tracks = tracks[1:]
        for track in tracks:
            track.ask(now)
        self._open[request.uid] = tracks
        return row

    def peek(self, request: Request) -> list[float]:
        """The features of a run that may be asked for at `request.time`; nothing is counted."""
        known = self._tracks
        tracks = [known.get(key) or Track() for key in keys(request)]
        return self._read(request, (*tracks, self._all), max(self.now, request.time))

    def _read(self, request: Request, tracks: tuple[Track, ...], now: float) -> list[float]:
        row = [*tracks[0].read(now)]
        row += row if tracks[1] is tracks[0] else tracks[1].read(now)
        for track in tracks[2:]:
            row += track.read(now)
        row += self._facts.read(request.dag_id, request.task_id, now)
        row += (
            now % DAY / HOUR, (now // DAY + 3) % 7,
            request.priority, request.req_cpus, request.req_mem, request.req_time,
            self._version_age(request, now),
        )  # fmt: skip
        return row

    def tell(self, outcome: Outcome) -> None:
        """Count an outcome. Raises KeyError for a run that is not open."""
        tracks = self._open.pop(outcome.uid)
        now = self.now = max(self.now, outcome.time)
        seconds = math.log1p(outcome.seconds)
        for track in tracks:
            track.tell(now, outcome.label, seconds)

    def know(self, fact: Fact) -> None:
        """Take a fact; it does not move the clock. Raises KeyError for an unknown kind."""
        self._facts.know(fact)

    def _of(self, request: Request) -> tuple[Track, ...]:
        known = self._tracks
        found = []
        for key in keys(request):
            track = known.get(key)
            if track is None:
                track = known[key] = Track()
            found.append(track)
        found.append(self._all)
        return tuple(found)

    def _version_age(self, request: Request, now: float) -> float:
        """Seconds since the version of the DAG was first seen; NaN where versions are not known."""
        if not request.version:
            return _NAN
        version, since = self._versions.get(request.dag_id, ("", now))
        if version != request.version:
            since = now
            self._versions[request.dag_id] = (request.version, now)
        return now - since
