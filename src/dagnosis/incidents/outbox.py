"""What is to be told, kept until it is told: at least once, in order for each incident.

Recording a transition and keeping it to be told is one transaction. `fill` makes a message for each
notifier of it, `take` gives those that are due under a lease, `sent` and `failed` say what became of
them. Who dies in between leaves a lease that runs out: the message is sent again, with the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

import msgspec
import sqlalchemy as sa

from dagnosis.incidents.contract import Incident
from dagnosis.incidents.database import clean
from dagnosis.incidents.finding import load
from dagnosis.incidents.incidents import Incidents
from dagnosis.incidents.notifications.contract import Notice
from dagnosis.incidents.recording import lock
from dagnosis.incidents.statements import insert_new
from dagnosis.incidents.tables import entry, outbox

Stand: TypeAlias = Literal["waiting", "sent", "dead", "held"]

LEASE = timedelta(minutes=2)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=1)
TRIES = 12
"""Tries before a message is dead: over five hours and more."""
AT_ONCE = 200
"""Transitions that are turned into messages, and messages that are taken, at once."""
_HOUR = timedelta(hours=1)


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the outbox. `tries` counts the one that is being made."""

    id: int
    key: str
    notifier: str
    state: Stand
    tries: int
    made: datetime
    due: datetime
    notice: Notice
    done: datetime | None = None
    problem: str = ""


class Outbox:
    """The messages in the database of incidents. `link` gives a notice its addresses."""

    def __init__(
        self,
        incidents: Incidents,
        *,
        most_an_hour: int = 30,
        link: Callable[[Incident | None], tuple[str, str]] = lambda _: ("", ""),
    ) -> None:
        self.incidents = incidents
        self.most_an_hour = most_an_hour
        self.link = link

    def fill(
        self,
        notifiers: Sequence[str],
        held: Callable[[str, int], None] = lambda _name, _count: None,
    ) -> int:
        """Make messages of the transitions that nobody was told of; how many messages.

        With no notifier they are told to nobody, and not later either. `held` is told how many of a
        notifier's messages are held back, because there were too many within an hour.
        """
        made = 0
        while True:
            with self.incidents._writing() as connection:
                lock(connection)
                rows = self._untold(connection)
                if not rows:
                    return made
                now = self.incidents.now()
                kept_back = {}
                for notifier in notifiers:
                    letters = self._write(connection, notifier, rows, now)
                    made += len(letters)
                    kept_back[notifier] = sum(one["state"] == "held" for one in letters)
            for notifier, count in kept_back.items():
                if count:
                    held(notifier, count)

    def _untold(self, connection: sa.Connection) -> list[Notice]:
        e = entry.c
        query = sa.select(e.id, e.incident, e.occurred, e.what, e.text).where(e.told == 0)
        rows = connection.execute(query.order_by(e.id).limit(AT_ONCE)).all()
        if not rows:
            return []
        connection.execute(
            sa.update(entry).where(e.id.in_([row.id for row in rows])).values(told=1)
        )
        now = self.incidents.now()
        ids = list({row.incident for row in rows})
        found = {one.id: one for one in load(connection, ids, None, now)}
        notices = []
        for row in rows:
            one = found[row.incident]
            page, airflow = self.link(one)
            notices.append(
                Notice(
                    key=f"{row.id}-{row.what}",
                    reason=row.what,
                    when=row.occurred,
                    why=row.text,
                    incident=one,
                    incident_url=page,
                    try_url=airflow,
                )
            )
        return notices

    def _write(
        self, connection: sa.Connection, notifier: str, notices: list[Notice], now: datetime
    ) -> list[dict[str, Any]]:
        b = outbox.c
        hour = now.replace(minute=0, second=0, microsecond=0)
        told = connection.execute(
            sa.select(sa.func.count()).where(
                b.notifier == notifier, b.made >= hour, b.state != "held", b.incident != 0
            )
        ).scalar_one()
        free = max(0, self.most_an_hour - told)
        letters = [
            _row(notifier, notice, now, "waiting" if place < free else "held")
            for place, notice in enumerate(notices)
        ]
        if len(notices) > free:
            letters.append(_row(notifier, self._overflow(hour), now, "waiting"))
        connection.execute(insert_new(connection.dialect.name, outbox), letters)
        return letters

    def _overflow(self, hour: datetime) -> Notice:
        return Notice(
            key=f"overflow-{hour:%Y%m%d%H}",
            reason="overflow",
            when=hour,
            why=f"More than {self.most_an_hour} notices within an hour: until {hour + _HOUR:%H:%M} UTC"
            " no more are sent; the list of incidents has them all.",
            incident_url=self.link(None)[0],
        )

    def take(self, notifiers: Sequence[str]) -> list[Letter]:
        """Messages that are due, leased to the caller; of an incident only the oldest one that
        waits, so that none overtakes another."""
        b, earlier = outbox.c, outbox.alias("earlier").c
        overtakes = sa.exists().where(
            earlier.notifier == b.notifier,
            earlier.incident == b.incident,
            earlier.incident != 0,
            earlier.state == "waiting",
            earlier.id < b.id,
        )
        now = self.incidents.now()
        query = (
            sa.select(outbox)
            .where(b.state == "waiting", b.due <= now, b.notifier.in_(notifiers), ~overtakes)
            .order_by(b.id)
            .limit(AT_ONCE)
        )
        with self.incidents._reading() as connection:
            if connection.execute(query.limit(1)).first() is None:
                return []
        with self.incidents._writing() as connection:
            lock(connection)
            rows = connection.execute(query).mappings().all()
            ids = [row["id"] for row in rows]
            values: dict[str, Any] = {"due": now + LEASE, "tries": b.tries + 1}
            connection.execute(sa.update(outbox).where(b.id.in_(ids)).values(**values))
        return [_letter({**row, "tries": row["tries"] + 1}) for row in rows]

    def sent(self, letter: Letter) -> None:
        """It was delivered."""
        self._end(letter, state="sent", done=self.incidents.now(), problem="")

    def failed(
        self, letter: Letter, problem: str, *, again: bool = True, after: float | None = None
    ) -> bool:
        """It was not delivered: it waits, twice as long each time, or is dead; whether it is."""
        now = self.incidents.now()
        if not again or letter.tries >= TRIES:
            self._end(letter, state="dead", done=now, problem=problem)
            return True
        wait = min(FIRST_WAIT * 2 ** (letter.tries - 1), LONGEST_WAIT)
        if after is not None:
            wait = max(wait, timedelta(seconds=after))
        self._end(letter, due=now + wait, problem=problem)
        return False

    def _end(self, letter: Letter, **values: Any) -> None:
        values = {name: clean(value)[:500] if name == "problem" else value
                  for name, value in values.items()}  # fmt: skip
        # who comes after the lease ran out does not undo what the next one did
        mine = (outbox.c.id == letter.id, outbox.c.tries == letter.tries)
        waits = outbox.c.state == "waiting"
        with self.incidents._writing() as connection:
            connection.execute(sa.update(outbox).where(*mine, waits).values(**values))

    def letters(self, state: Stand | None = None, limit: int = 100) -> list[Letter]:
        """Messages, the newest first; those of one state where it is given."""
        query = sa.select(outbox).order_by(outbox.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(outbox.c.state == state)
        with self.incidents._reading() as connection:
            return [_letter(row) for row in connection.execute(query).mappings()]

    def again(self, ids: Sequence[int] = ()) -> int:
        """Try dead and held messages once more (none named: all dead ones); how many."""
        b = outbox.c
        which = b.id.in_(ids) & b.state.in_(("dead", "held")) if ids else b.state == "dead"
        values = {"state": "waiting", "tries": 0, "due": self.incidents.now(), "done": None}
        with self.incidents._writing() as connection:
            changed = connection.execute(sa.update(outbox).where(which).values(**values))
        return int(changed.rowcount)


def _row(notifier: str, notice: Notice, now: datetime, state: Stand) -> dict[str, Any]:
    return {
        "key": f"{notifier}-{notice.key}",
        "notifier": notifier,
        "incident": notice.incident.id if notice.incident else 0,
        "body": msgspec.msgpack.encode(notice),
        "made": now,
        "due": now,
        "tries": 0,
        "state": state,
        "done": None,
        "problem": "",
    }


def _letter(row: Any) -> Letter:
    notice = msgspec.msgpack.decode(row["body"], type=Notice)
    names = ("id", "key", "notifier", "state", "tries", "made", "due", "done", "problem")
    return Letter(notice=notice, **{name: row[name] for name in names})
