"""What becomes well again: tries that a later one made good, tasks that are green, what was blocked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from dagnosis.incidents.contract import Kind, Occurrence
from dagnosis.incidents.handling import write
from dagnosis.incidents.recording import KINDS, Key, key, lock
from dagnosis.incidents.standing import greens_needed
from dagnosis.incidents.statements import same
from dagnosis.incidents.tables import (
    code,
    incident,
    incident_dag,
    incident_task,
    known_task,
    occurrence,
)
from dagnosis.model import TaskRef

AT_ONCE = 500
"""Incidents that one statement names: databases take no more than some thousand values."""

# of each success these two are asked: they are built once
_o, _t, _i = occurrence.c, incident_task.c, incident.c
_FAILED_BEFORE = (
    sa.select(_o.incident, known_task.c.dag, *(_o[name] for name in Key._fields))
    .join(known_task, known_task.c.id == _o.task)
    .where(
        *same(("run", "task", "map_index")),
        _o.try_number < sa.bindparam("before"),
        _o.recovered == 0,
        _o.what.op("&")(7) == 0,
    )
)
_WHEN = sa.bindparam("at", type_=_t.last_seen.type)
_RED = (
    sa.select(_t.incident, _t.greens, _i.kind, _i.regressions)
    .join(incident, _i.id == _t.incident)
    .where(
        _t.task == sa.bindparam("its_task"),
        _i.state != "resolved",
        _t.last_seen < _WHEN,
        sa.or_(_t.green.is_(None), _t.green < _WHEN),
        _i.kind.in_(sa.bindparam("kinds", expanding=True)),
    )
)


def failed_before(connection: sa.Connection, task: TaskRef) -> Sequence[Any]:
    """The failed tries of the task instance before this one that are not known to be made good."""
    its = key(task, "failure")
    asked = {"its_run": its.run, "its_task": its.task, "its_map_index": its.map_index}
    return connection.execute(_FAILED_BEFORE, {**asked, "before": its.try_number}).all()


def recover(connection: sa.Connection, task: TaskRef) -> int:
    """Mark them, and count them; how many they are."""
    lock(connection)
    rows = failed_before(connection, task)
    if not rows:
        return 0
    o = occurrence.c
    for row in rows:
        its = (o[name] == value for name, value in zip(Key._fields, row[2:], strict=True))
        connection.execute(sa.update(occurrence).where(*its).values(recovered=1))
    for (incident_id, dag), count in Counter((row[0], row[1]) for row in rows).items():
        add(connection, incident_id, dag, "recovered", count)
    return len(rows)


def add(connection: sa.Connection, incident_id: int, dag: int, column: str, count: int) -> None:
    """Add to a number of an incident, and of what it did within a DAG."""
    i, d = incident.c, incident_dag.c
    connection.execute(
        sa.update(incident).where(i.id == incident_id).values({column: i[column] + count})
    )
    connection.execute(
        sa.update(incident_dag)
        .where(d.incident == incident_id, d.dag == dag)
        .values({column: d[column] + count})
    )


def red(
    connection: sa.Connection, task: tuple[str, str], when: datetime, kind: Kind | None
) -> list[Any]:
    """Open incidents in which the task failed before `when`, and for which that success counts. Without
    a kind these are all but those of its data: a check that only warns succeeds."""
    kinds = [
        KINDS.index(name) for name in KINDS if (name != "data" if kind is None else name == kind)
    ]
    rows = connection.execute(_RED, {"its_task": code(*task), "at": when, "kinds": kinds})
    return [row for row in rows if row.greens < greens_needed(row.regressions, KINDS[row.kind])]


def green(
    connection: sa.Connection,
    task: tuple[str, str],
    when: datetime,
    kind: Kind | None,
    now: datetime,
) -> list[int]:
    """Count a success; the incidents that are resolved by it."""
    lock(connection)
    t, i = incident_task.c, incident.c
    resolved = []
    for row in red(connection, task, when, kind):
        its = (t.task == code(*task), t.incident == row.incident)
        values = {"greens": row.greens + 1, "green": when}
        connection.execute(sa.update(incident_task).where(*its).values(values))
        needed = greens_needed(row.regressions, KINDS[row.kind])
        left = sa.select(t.task).where(t.incident == row.incident, t.greens < needed).limit(1)
        if connection.execute(left).first() is not None:
            continue
        resolved.append(row.incident)
        connection.execute(
            sa.update(incident)
            .where(i.id == row.incident)
            .values(state="resolved", resolved=when, muted_until=None)
        )
        # what it led goes on without it
        connection.execute(sa.update(incident).where(i.outage == row.incident).values(outage=None))
        write(
            connection, row.incident, max(when, min(now, when)), "resolved", "green again", told=0
        )
    return resolved


def expire(connection: sa.Connection, before: datetime, now: datetime) -> list[int]:
    """Resolve the incidents that were last seen before that; of an outage one word is told."""
    lock(connection)
    i = incident.c
    where = (i.state.in_(("open", "acknowledged")), i.last_seen < before)
    rows = connection.execute(sa.select(i.id, i.outage).where(*where).order_by(i.id)).all()
    for start in range(0, len(rows), AT_ONCE):
        some = i.id.in_([row.id for row in rows[start : start + AT_ONCE]])
        connection.execute(sa.update(incident).where(some).values(state="resolved", resolved=now))
    text = f"nothing was heard of it for {(now - before).days} days"
    for row in rows:
        write(connection, row.id, now, "resolved", text, told=0 if row.outage is None else 1)
    return [row.id for row in rows]


def block(connection: sa.Connection, task: TaskRef, blast: Sequence[str], kind: Kind) -> None:
    """State anew which tasks could not run because of a failed try."""
    lock(connection)
    o, k = occurrence.c, known_task.c
    its = [o[name] == value for name, value in key(task, kind)._asdict().items()]
    query = sa.select(o.incident, o.blast, o.rest, k.dag).join(known_task, k.id == o.task)
    row = connection.execute(query.where(*its)).first()
    if row is None or row.blast == len(set(blast)):
        return
    rest = row.rest
    if rest is not None:
        one = msgspec.msgpack.decode(rest, type=Occurrence)
        kept = tuple(sorted(set(blast)))[:100]
        rest = msgspec.msgpack.encode(msgspec.structs.replace(one, blast=kept))
    connection.execute(sa.update(occurrence).where(*its).values(blast=len(set(blast)), rest=rest))
    add(connection, row.incident, row.dag, "blast", len(set(blast)) - row.blast)
