"""How an incident stands, and what one more occurrence makes of it. No database in here.

Somebody is told when an incident is new, when it comes back (after it was resolved, or after it was
absent for long), when it escalates (over many more DAGs, or far more often than usual) and when it is
resolved; and of nothing else, however often it occurs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dagnosis.incidents.contract import Novelty, State, Transition

ABSENT = timedelta(days=14)
"""An incident that did not occur for so long has come back when it occurs again."""
SPREADS = (3, 10, 30, 100, 300, 1000)
"""Numbers of DAGs that are worth a word when they are reached."""
ESCALATES_AGAIN = timedelta(hours=24)
"""An incident does not escalate twice within this time."""
MANY, TIMES_USUAL = 20, 10
"""It is far above its usual rate with so many occurrences in an hour, and so many times the usual."""
SETTLED = timedelta(hours=24)
"""Age from which an incident has a usual rate, and from which it is not new any more."""
GREENS, MOST_GREENS = 3, 48
"""Green runs of a task after which it is well again; doubled each time that the incident came back."""
_HOUR = 3600


@dataclass
class Standing:
    """The numbers of an incident that decide; times in UTC."""

    first_seen: datetime
    last_seen: datetime
    state: State = "open"
    muted_until: datetime | None = None
    resolved: datetime | None = None
    regressed: datetime | None = None
    regressions: int = 0
    count: int = 0
    dags: int = 0
    hour: int = 0
    hour_count: int = 0
    spread: int = 1
    escalated: datetime | None = None
    transitions: list[tuple[Transition, datetime, str]] = field(default_factory=list)

    def occurs(self, when: datetime, dags: int) -> Transition | None:
        """One more occurrence, after which `dags` DAGs are hit; what should be told of it."""
        self.dags = dags
        self.count += 1
        absent = when - self.last_seen
        self._count_hour(when)
        self.first_seen = min(self.first_seen, when)
        self.last_seen = max(self.last_seen, when)
        self._unmute(when)
        if self.count == 1:
            return self._tell("new", when, "")
        if self.state == "resolved":
            late = self.resolved is not None and when <= self.resolved  # it is heard of only now
            return None if late else self._regress(when, "after it was resolved")
        if absent > ABSENT and self.state != "muted":
            return self._regress(when, f"after {absent.days} days")
        return self._escalate(when)

    def _regress(self, when: datetime, why: str) -> Transition:
        self.state = "open"
        self.regressed = when
        self.regressions += 1
        return self._tell("regressed", when, why)

    def _escalate(self, when: datetime) -> Transition | None:
        reached = max((step for step in SPREADS if step <= self.dags), default=1)
        many = self.hour_count >= max(MANY, TIMES_USUAL * self._usual())
        if not (reached > self.spread or many):
            return None
        why = f"over {self.dags} DAGs" if reached > self.spread else f"{self.hour_count} in an hour"
        return self.escalates(when, why)

    def escalates(self, when: datetime, why: str) -> Transition | None:
        """It got worse: told, unless it is muted, resolved, or was told within a day."""
        if self.state in ("muted", "resolved"):
            return None
        if self.escalated is not None and abs(when - self.escalated) < ESCALATES_AGAIN:
            return None
        self.escalated = when
        self.spread = max((step for step in SPREADS if step <= self.dags), default=1)
        return self._tell("escalated", when, why)

    def _tell(self, what: Transition, when: datetime, text: str) -> Transition:
        self.transitions.append((what, when, text))
        return what

    def _unmute(self, when: datetime) -> None:
        if self.state == "muted" and self.muted_until is not None and self.muted_until <= when:
            self.state, self.muted_until = "open", None

    def _count_hour(self, when: datetime) -> None:
        hour = int(when.timestamp()) // _HOUR
        if hour > self.hour:
            self.hour, self.hour_count = hour, 1
        elif hour == self.hour:
            self.hour_count += 1

    def _usual(self) -> float:
        """Occurrences an hour before this hour; without an end where there is no past to go by."""
        age = self.last_seen - self.first_seen
        if age < SETTLED:
            return float("inf")
        return (self.count - self.hour_count) / (age.total_seconds() / _HOUR)


def greens_needed(regressions: int, kind: str) -> int:
    """Successes in a row that resolve: one shows that a file can be imported, or a run came; a task
    that fails now and then needs more of them each time that it was thought well.

    >>> greens_needed(0, "failure"), greens_needed(2, "failure"), greens_needed(0, "import")
    (3, 12, 1)
    """
    return min(GREENS << min(regressions, 10), MOST_GREENS) if kind == "failure" else 1


def novelty(
    regressed: bool, recovered: int, count: int, first_seen: datetime, last_seen: datetime
) -> Novelty:
    """Flaky: in half of the cases or more a later try succeeded."""
    if regressed:
        return "regressed"
    if recovered and recovered * 2 >= count:
        return "flaky"
    return "known" if last_seen - first_seen >= SETTLED else "new"


def effective(state: State, muted_until: datetime | None, now: datetime) -> State:
    """The state as of now: what was muted until a time returns by itself."""
    return "open" if state == "muted" and muted_until is not None and muted_until <= now else state
