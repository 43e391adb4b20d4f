"""Occurrences over time, and what is left of old ones: how many they were, by day, DAG and family."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import sqlalchemy as sa

from dagnosis.errors import WrongUse
from dagnosis.incidents.asking import codes
from dagnosis.incidents.contract import Count
from dagnosis.incidents.database import inserting, upsert
from dagnosis.incidents.finding import Readable
from dagnosis.incidents.recording import Key, lock
from dagnosis.incidents.statements import same
from dagnosis.incidents.tables import (
    EPOCH,
    entry,
    incident,
    incident_dag,
    known_run,
    known_task,
    micros,
    occurrence,
    outage_sign,
    outbox,
    place,
    rolled,
    wording,
)

HORIZON = "dagnosis: pruned before"
"""Where the time is kept before which occurrences are not there any more."""
AT_ONCE = 5000
"""Occurrences that are pruned in one transaction, so that writers do not wait for long."""
MOST_COUNTS = 100_000
"""Steps that a question may have."""
_SECOND = 1_000_000
_DAY = timedelta(days=1)


class Pruned(msgspec.Struct, frozen=True):
    """How many occurrences became daily counts, and how many incidents went with them."""

    occurrences: int
    incidents: int
    before: datetime


def counts(
    connection: sa.Connection,
    since: datetime,
    until: datetime,
    step_seconds: int,
    readable: Readable,
) -> list[Count]:
    """See `IncidentStore.counts`. Days that were pruned are counted at their beginning."""
    if step_seconds < 1:
        raise WrongUse(f"step_seconds: {step_seconds} is below 1")
    if (until - since).total_seconds() / step_seconds > MOST_COUNTS:
        raise WrongUse(f"step_seconds: {step_seconds} makes more than {MOST_COUNTS} steps")
    found: Counter[tuple[int, str]] = Counter()
    for query in (_single, _daily):
        for row in connection.execute(query(since, until, step_seconds, readable)):
            found[row[0], row[1]] += int(row[2])
    width = timedelta(seconds=step_seconds)
    return [
        Count(when=(since + step * width).astimezone(timezone.utc), cause=cause, count=count)
        for (step, cause), count in sorted(found.items())
    ]


def _single(
    since: datetime, until: datetime, step_seconds: int, readable: Readable
) -> sa.Select[Any]:
    o, i, k, d = occurrence.c, incident.c, known_task.c, incident_dag.c
    step = (sa.type_coerce(o.occurred, sa.BigInteger) - micros(since)) // (step_seconds * _SECOND)
    within = (o.occurred >= since, o.occurred < until, i.last_seen >= since, i.first_seen < until)
    cause = i.cause if readable is None else d.cause
    query = sa.select(step, cause, sa.func.count()).join(incident, i.id == o.incident)
    if readable is not None:
        query = query.join(known_task, k.id == o.task).join(
            incident_dag, sa.and_(d.dag == k.dag, d.incident == o.incident)
        )
        query = query.where(k.dag.in_(codes(readable)))
    return query.where(*within).group_by(step, cause)


def _daily(
    since: datetime, until: datetime, step_seconds: int, readable: Readable
) -> sa.Select[Any]:
    r = rolled.c
    begin = sa.cast(r.day, sa.BigInteger) * (_DAY // timedelta(microseconds=1))
    step = (begin - micros(since)) // (step_seconds * _SECOND)
    query = sa.select(step, r.cause, sa.func.sum(r.count)).where(
        begin >= micros(since), begin < micros(until)
    )
    if readable is not None:
        query = query.where(r.dag.in_(codes(readable)))
    return query.group_by(step, r.cause)


_HORIZON = sa.select(place.c.cursor).where(place.c.source == HORIZON)


def horizon(connection: sa.Connection) -> datetime | None:
    """The time before which occurrences were pruned."""
    kept = connection.execute(_HORIZON).scalar()
    return EPOCH + int(kept) * _DAY if kept else None


def cutoff(now: datetime, older: timedelta) -> datetime:
    """The beginning of the day before which something is older. Raises `WrongUse` below a day."""
    if older < _DAY:
        raise WrongUse("prune: what is younger than a day is kept; give --older 1d or more")
    return EPOCH + ((now - older - EPOCH) // _DAY) * _DAY


def roll(connection: sa.Connection, before: datetime) -> int:
    """Turn some occurrences before a time into daily counts; how many, 0 when none is left.

    Of an incident that is not resolved those stay of which all is kept: its first one and the newest.
    """
    lock(connection)
    o, i, k, d = occurrence.c, incident.c, known_task.c, incident_dag.c
    query = (
        sa.select(o.occurred, k.dag, d.cause, *(o[name] for name in Key._fields))
        .join(incident, i.id == o.incident)
        .join(known_task, k.id == o.task)
        .join(incident_dag, sa.and_(d.dag == k.dag, d.incident == o.incident))
        .where(o.occurred < before, i.first_seen < before)
        .where(sa.or_(o.rest.is_(None), i.state == "resolved"))
    )
    rows = connection.execute(query.limit(AT_ONCE)).all()
    if not rows:
        return 0
    found = Counter(((row[0] - EPOCH) // _DAY, row[1], row[2]) for row in rows)
    insert = inserting(connection.dialect.name, rolled)
    added = {"count": rolled.c.count + insert.excluded.count}
    connection.execute(
        insert.on_conflict_do_update(index_elements=["day", "dag", "cause"], set_=added),
        [
            {"day": day, "dag": dag, "cause": cause, "count": count}
            for (day, dag, cause), count in sorted(found.items())
        ],
    )
    keys = [
        dict(zip((f"its_{name}" for name in Key._fields), row[3:], strict=True)) for row in rows
    ]
    connection.execute(sa.delete(occurrence).where(*same()), keys)
    _move(connection, before)
    return len(rows)


def _move(connection: sa.Connection, before: datetime) -> None:
    kept = horizon(connection)
    if kept is None or kept < before:
        values = {"source": HORIZON, "cursor": str((before - EPOCH) // _DAY)}
        upsert(connection, place, values, ("source",))


def sweep(connection: sa.Connection, before: datetime) -> int:
    """Delete what nothing points to any more: resolved incidents without occurrences, texts, runs,
    messages that were sent; how many incidents."""
    lock(connection)
    i, o, d, w, e = incident.c, occurrence.c, incident_dag.c, wording.c, entry.c
    waiting = sa.exists().where(e.incident == i.id, e.told == 0)
    gone = connection.execute(
        sa.delete(incident).where(
            i.state == "resolved",
            i.last_seen < before,
            ~sa.exists().where(o.incident == i.id),
            ~waiting,
        )
    ).rowcount
    used = sa.union_all(sa.select(i.wording), sa.select(d.wording))
    connection.execute(sa.delete(wording).where(w.id.not_in(used)))
    connection.execute(sa.delete(known_run).where(~sa.exists().where(o.run == known_run.c.id)))
    day = micros(before) // (timedelta(minutes=10) // timedelta(microseconds=1))
    connection.execute(sa.delete(outage_sign).where(outage_sign.c.bucket < day))
    b = outbox.c
    connection.execute(sa.delete(outbox).where(b.state.in_(("sent", "held")), b.made < before))
    return int(gone)
