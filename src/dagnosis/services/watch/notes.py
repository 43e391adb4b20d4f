"""What parts of a watch do beside its rounds, noted until the next round tells it to the metrics.

Notifications go out in a thread, risks are reckoned now and then, language models are asked in the
middle of a diagnosis; metrics may be those of another process. So each part notes what it did, and a
round carries the notes with it, as JSON where it must.
"""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from dagnosis.metrics.catalogue import CallOutcome, Sent

if TYPE_CHECKING:
    from dagnosis.logs.llm.consult import Consultation
    from dagnosis.metrics import Metrics
    from dagnosis.services.outlook import Outlook

MOST = 10_000
"""Notes that are kept where no round comes to fetch them; the oldest go first."""


class Notified(msgspec.Struct, frozen=True, tag="notified"):
    """What became of how many messages of a notifier."""

    notifier: str
    outcome: Sent
    count: int = 1

    def count_in(self, metrics: Metrics) -> None:
        """Tell it."""
        metrics.notified(self.notifier, self.outcome, self.count)


class Consulted(msgspec.Struct, frozen=True, tag="consulted"):
    """A question to a language model."""

    outcome: CallOutcome
    tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0

    def count_in(self, metrics: Metrics) -> None:
        """Tell it."""
        metrics.llm(self.outcome, tokens=self.tokens, cost=self.cost, seconds=self.seconds)


class Foretold(msgspec.Struct, frozen=True, tag="foretold"):
    """The risks as they are now; alerts begin at the threshold."""

    risks: tuple[float, ...]
    threshold: float

    def count_in(self, metrics: Metrics) -> None:
        """Tell it."""
        for risk in self.risks:
            metrics.predicted(risk)
        metrics.risks(self.risks, self.threshold)
        metrics.succeeded("forecast")


class Came(msgspec.Struct, frozen=True, tag="came"):
    """What came of a run whose risk was told."""

    risk: float
    failed: bool

    def count_in(self, metrics: Metrics) -> None:
        """Tell it."""
        metrics.outcome(self.risk, self.failed)


Note: TypeAlias = Notified | Consulted | Foretold | Came


class Notes:
    """Notes of any thread, until they are taken."""

    def __init__(self) -> None:
        self._kept: deque[Note] = deque(maxlen=MOST)
        self._lock = Lock()

    def add(self, note: Note) -> None:
        """Note something."""
        with self._lock:
            self._kept.append(note)

    def take(self) -> tuple[Note, ...]:
        """What was noted since it was last asked."""
        with self._lock:
            taken = tuple(self._kept)
            self._kept.clear()
        return taken

    # what parts of a watch call

    def notified(self, notifier: str, outcome: Sent, count: int) -> None:
        """`tell` of `services.notify.deliver`."""
        self.add(Notified(notifier, outcome, count))

    def consulted(self, one: Consultation) -> None:
        """`tell` of a `Consultant`; what was not asked is not noted."""
        if one.note.startswith("not asked"):
            return
        outcome: CallOutcome = "won" if one.won else "stood" if one.tokens else "failed"
        if one.kept or one.refused:
            outcome = "kept" if one.kept else "refused"
        self.add(Consulted(outcome, one.tokens, one.cost, one.seconds))

    def foretold(self, outlook: Outlook) -> None:
        """`tell` of `services.outlook.Renewal`."""
        self.add(Foretold(tuple(one.p_fail for one in outlook.risks), outlook.threshold))

    def came(self, risk: float, failed: bool) -> None:
        """`tell` of `services.outlook.Reckoning`."""
        self.add(Came(risk, failed))
