"""What language models may cost: calls, tokens, money and seconds a day, over all processes.

The ledger is a small SQLite file in the user's state folder. A call is booked before it is made, at
its likely price, and corrected after it; a process that dies in between leaves the booking, so that
the budget errs on the safe side. Days are those of UTC.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from dagnosis.errors import DagnosisError

KEPT_DAYS = 90
"""Days that the ledger remembers."""


class Limits(msgspec.Struct, frozen=True):
    """Of one process (`calls_per_process`), and of one day; money in the currency of the prices,
    0 for no limit on money."""

    calls_per_process: int
    calls: int
    tokens: int
    seconds: float
    cost: float
    price_input: float
    price_output: float
    """Money for a million tokens sent, and for a million answered."""


class Spent(msgspec.Struct, frozen=True):
    """What a day has cost so far."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0


class Exhausted(DagnosisError):
    """The budget does not allow another call now; the message says which one and what to do."""


class Budget:
    """The ledger of one file within some limits; safe to share between threads and processes."""

    def __init__(self, limits: Limits, file: Path | None = None) -> None:
        self.limits = limits
        self.file = file or default_folder() / "llm-usage.sqlite3"
        self._calls = 0

    def cost(self, sent: int, answered: int) -> float:
        """Money for so many tokens sent and answered."""
        limits = self.limits
        return (sent * limits.price_input + answered * limits.price_output) / 1e6

    def book(self, sent: int, answered: int) -> int:
        """Book a call that sends and gets so many tokens at most; the number of the booking.

        Raises `Exhausted` where a limit would be passed, where the service asked to wait, or where
        the ledger cannot be written: without it nothing bounds what is spent.
        """
        limits = self.limits
        if self._calls >= limits.calls_per_process:
            raise Exhausted(
                f"{self._calls} calls are all that one process may make (llm_max_calls)"
            )
        tokens, cost = sent + answered, self.cost(sent, answered)
        with self._ledger() as ledger:
            self._refuse_pause(ledger)
            spent = _spent(ledger, _today())
            _refuse("calls", spent.calls + 1, limits.calls)
            _refuse("tokens", spent.tokens + tokens, limits.tokens)
            _refuse("seconds", spent.seconds, limits.seconds)
            if limits.cost:
                _refuse("cost", spent.cost + cost, limits.cost)
            booked = ledger.execute(
                "INSERT INTO calls (day, tokens, cost, seconds) VALUES (?, ?, ?, 0)",
                (_today(), tokens, cost),
            ).lastrowid
        self._calls += 1
        return booked or 0

    def settle(self, booking: int, sent: int, answered: int, seconds: float) -> float:
        """Correct a booking by what the call did cost; the money. Never raises."""
        cost = self.cost(sent, answered)
        try:
            with self._ledger() as ledger:
                ledger.execute(
                    "UPDATE calls SET tokens = ?, cost = ?, seconds = ? WHERE id = ?",
                    (sent + answered, cost, seconds, booking),
                )
        except Exhausted:
            pass  # the booking stands, which is dearer
        return cost

    def pause(self, seconds: float) -> None:
        """The service asked to wait so long (an hour at most); no process asks before. Never raises."""
        try:
            with self._ledger() as ledger:
                ledger.execute(
                    "INSERT OR REPLACE INTO pauses (name, until) VALUES ('all', ?)",
                    (time.time() + min(max(seconds, 0), 3600),),
                )
        except Exhausted:
            pass

    def spent(self) -> Spent:
        """Today's sums. Raises `Exhausted` where the ledger cannot be read."""
        with self._ledger() as ledger:
            return _spent(ledger, _today())

    def _refuse_pause(self, ledger: sqlite3.Connection) -> None:
        row = ledger.execute("SELECT until FROM pauses WHERE name = 'all'").fetchone()
        wait = row[0] - time.time() if row else 0
        if wait > 0:
            raise Exhausted(f"the model's service asked to wait {wait:.0f} s more")

    @contextmanager
    def _ledger(self) -> Iterator[sqlite3.Connection]:
        """One transaction that no other process can be in at the same time."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.file, timeout=5, isolation_level=None)) as ledger:
                ledger.executescript(_TABLES)
                ledger.execute("BEGIN IMMEDIATE")
                try:
                    yield ledger
                except BaseException:
                    ledger.execute("ROLLBACK")
                    raise
                ledger.execute("DELETE FROM calls WHERE day < ?", (_today(-KEPT_DAYS),))
                ledger.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            raise Exhausted(
                f"{self.file}: the ledger of calls cannot be written ({error}); "
                "set XDG_STATE_HOME to a folder that can be"
            ) from None


_TABLES = """
CREATE TABLE IF NOT EXISTS calls (
  id INTEGER PRIMARY KEY, day TEXT NOT NULL,
  tokens INTEGER NOT NULL, cost REAL NOT NULL, seconds REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS calls_day ON calls (day);
CREATE TABLE IF NOT EXISTS pauses (name TEXT PRIMARY KEY, until REAL NOT NULL);
"""


def _spent(ledger: sqlite3.Connection, day: str) -> Spent:
    row = ledger.execute(
        "SELECT count(*), coalesce(sum(tokens), 0), coalesce(sum(cost), 0.0), "
        "coalesce(sum(seconds), 0.0) FROM calls WHERE day = ?",
        (day,),
    ).fetchone()
    return Spent(*row)


def _refuse(what: str, wanted: float, limit: float) -> None:
    if wanted > limit:
        raise Exhausted(
            f"the day's budget of {what} is spent ({limit:g}, llm_max_{what}_per_day; "
            "it begins anew at 00:00 UTC)"
        )


def _today(days: int = 0) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() + days * 86_400))


def default_folder() -> Path:
    """Where the ledger is kept unless another place is named."""
    import platformdirs

    return platformdirs.user_state_path("dagnosis")
