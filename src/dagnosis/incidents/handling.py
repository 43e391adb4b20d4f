"""What people do with an incident, and what happened to it: states, notes, the timeline, changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args

import msgspec
import sqlalchemy as sa

from dagnosis.errors import WrongUse
from dagnosis.incidents import schema
from dagnosis.incidents.asking import among, codes
from dagnosis.incidents.contract import Change, Entry, State
from dagnosis.incidents.database import clean
from dagnosis.incidents.finding import Readable
from dagnosis.incidents.recording import lock
from dagnosis.incidents.standing import effective
from dagnosis.incidents.tables import (
    change,
    code,
    entry,
    incident,
    incident_dag,
    known_task,
    occurrence,
)

NOTE, CHANGES, BODY = 4000, 100, 100_000
"""Characters kept of a note; changes kept of an incident, and bytes of each."""
_SAID: dict[State, str] = {
    "open": "reopened",
    "acknowledged": "acknowledged",
    "resolved": "resolved",
    "muted": "muted",
}


def set_state(
    connection: sa.Connection,
    ids: Sequence[int],
    state: State,
    who: str,
    until: datetime | None,
    now: datetime,
) -> int:
    """See `IncidentStore.set_state`. What is done to an outage is done to its members."""
    if state not in get_args(State):
        raise WrongUse(f"state {state!r}: none of {', '.join(get_args(State))}")
    if until is not None and state != "muted":
        raise WrongUse(f"state {state}: only muted takes a time")
    if until is not None and until <= now:
        raise WrongUse(f"muted until {until:%Y-%m-%d %H:%M %Z}: that time is over")
    lock(connection)
    i = incident.c
    named = sa.select(i.id, i.state, i.muted_until, i.last_seen).where(
        sa.or_(i.id.in_(ids), i.outage.in_(ids))
    )
    changed = [
        row
        for row in connection.execute(named).all()
        if (effective(row.state, row.muted_until, now), until if state == "muted" else None)
        != (state, row.muted_until if state == "muted" else None)
    ]
    if not changed:
        return 0
    values: dict[str, Any] = {"state": state, "muted_until": until}
    if state == "resolved":
        values["resolved"] = now
    where = i.id.in_([row.id for row in changed])
    connection.execute(sa.update(incident).where(where).values(**values))
    text = f"until {until:%Y-%m-%d %H:%M} UTC" if until else ""
    for row in changed:
        told = 0 if state == "resolved" and row.id in ids else 1
        write(connection, row.id, now, _SAID[state], text, who, told=told)
    return len(changed)


def write(
    connection: sa.Connection,
    incident_id: int,
    when: datetime,
    what: str,
    text: str = "",
    who: str = "",
    *,
    told: int = 1,
) -> None:
    """A line of the timeline; `told` 0 is told to the notifiers."""
    row = {"incident": incident_id, "occurred": when, "what": what, "told": told}
    row |= {"text": clean(text)[:NOTE], "who": clean(who)[:200]}
    connection.execute(sa.insert(entry), [row])


def assign(
    connection: sa.Connection, ids: Sequence[int], assignee: str, who: str, now: datetime
) -> int:
    """See `Incidents.assign`."""
    i = incident.c
    named = clean(assignee)[:200]
    changed = connection.execute(
        sa.select(i.id).where(i.id.in_(ids), i.assignee != named)
    ).scalars()
    found = list(changed)
    connection.execute(sa.update(incident).where(i.id.in_(found)).values(assignee=named))
    for id_ in found:
        write(connection, id_, now, "assigned", named or "nobody", who)
    return len(found)


def must_exist(connection: sa.Connection, incident_id: int) -> None:
    """Raises `WrongUse` for an incident that is not there."""
    if (
        connection.execute(sa.select(incident.c.id).where(incident.c.id == incident_id)).first()
        is None
    ):
        raise WrongUse(f"incident {incident_id}: there is none; see dagnosis incidents list")


def timeline(connection: sa.Connection, incident_id: int, readable: Readable) -> list[Entry]:
    """See `IncidentStore.timeline`.

    Transitions and notes tell of the whole incident: only who may read all its DAGs is told them.
    """
    scope = _scope(connection, incident_id, readable)
    if scope is None:
        return []
    whole, first = scope
    e = entry.c
    query = sa.select(e.occurred, e.what, e.text, e.who).where(e.incident == incident_id)
    if not whole:
        query = query.where(e.what.in_(_SAID.values()), e.who != "")
    entries = [
        # a try that failed earlier may have been heard of later
        Entry(when=min(w, first) if what == "new" else w, what=what, text=text, who=who)
        for w, what, text, who in connection.execute(query.order_by(e.occurred, e.id))
    ]
    if not whole:
        entries.append(Entry(when=first, what="new"))
    entries += _feedback(connection, incident_id, readable)
    return sorted(entries, key=lambda one: one.when)


def _scope(
    connection: sa.Connection, incident_id: int, readable: Readable
) -> tuple[bool, datetime] | None:
    """Whether somebody may read the whole of an incident, and when it began for them; None where
    they may read nothing of it."""
    d, i = incident_dag.c, incident.c
    query = sa.select(i.dags, i.first_seen).where(i.id == incident_id)
    row = connection.execute(query).first()
    if row is None or readable is None:
        return None if row is None else (True, row.first_seen)
    seen = sa.select(sa.func.count(), sa.type_coerce(sa.func.min(d.first_seen), d.first_seen.type))
    found = connection.execute(seen.where(d.incident == incident_id, among(readable))).one()
    return (found[0] == row.dags, found[1]) if found[0] else None


def _feedback(connection: sa.Connection, incident_id: int, readable: Readable) -> list[Entry]:
    d, f, i = schema.diagnosis.c, schema.feedback.c, incident.c
    query = (
        sa.select(f.given, f.verdict, f.detail, f.note, f.who, d.dag_id)
        .join(schema.diagnosis, d.id == f.diagnosis_id)
        .join(incident, i.fingerprint == d.fingerprint)
        .where(i.id == incident_id, i.kind == 0)
    )
    return [
        Entry(
            when=row.given,
            what=f"{row.verdict}ed",
            text=f"{row.detail}: {row.note}" if row.note else row.detail,
            who=row.who,
        )
        for row in connection.execute(query)
        if readable is None or row.dag_id in readable
    ]


def keep_changes(
    connection: sa.Connection, incident_id: int, changes: Sequence[Change], dag_id: str
) -> None:
    """See `IncidentStore.keep_changes`."""
    o, k = occurrence.c, known_task.c
    dag = code(dag_id)
    if not dag_id:  # those of the DAG in which it began
        began = (
            sa.select(k.dag)
            .join(occurrence, o.task == k.id)
            .where(o.incident == incident_id)
            .order_by(o.occurred)
            .limit(1)
        )
        dag = connection.execute(began).scalar() or code("")
    connection.execute(sa.delete(change).where(change.c.incident == incident_id))
    rows = [{"incident": incident_id, "dag": dag, "body": _body(one)} for one in changes[:CHANGES]]
    if rows:
        connection.execute(sa.insert(change), rows)


def _body(one: Change) -> bytes:
    texts = {
        name: clean(getattr(one, name))[: BODY // 5]
        for name in ("kind", "text", "before", "after", "detail")
    }
    return msgspec.msgpack.encode(msgspec.structs.replace(one, **texts))


def changes(connection: sa.Connection, incident_id: int, readable: Readable) -> list[Change]:
    """See `IncidentStore.changes`."""
    c = change.c
    query = sa.select(c.body).where(c.incident == incident_id).order_by(c.id)
    if readable is not None:
        query = query.where(c.dag.in_(codes(readable)))
    return [
        msgspec.msgpack.decode(body, type=Change) for body in connection.execute(query).scalars()
    ]
