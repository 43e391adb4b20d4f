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
from dagnosis.incidents.tables import (
    code,
    incident,
    incident_dag,
    incident_task,
    known_task,
    occurrence,
)
from dagnosis.model import TaskRef


def failed_before(task: TaskRef) -> Any:
    """The failed tries of the task instance before this one that are not known to be made good."""
    o, k = occurrence.c, known_task.c
    its = key(task, "failure")
    return (
        sa.select(o.incident, k.dag, *(o[name] for name in Key._fields))
        .join(known_task, k.id == o.task)
        .where(
            o.run == its.run,
            o.task == its.task,
            o.map_index == task.map_index,
            o.try_number < task.try_number,
            o.recovered == 0,
            o.what.op("&")(7) == 0,
        )
    )


def recover(connection: sa.Connection, task: TaskRef) -> int:
    """Mark them, and count them; how many they are."""
    lock(connection)
    rows = connection.execute(failed_before(task)).all()
    if not rows:
        return 0
    o = occurrence.c
    for row in rows:
        same = (o[name] == value for name, value in zip(Key._fields, row[2:], strict=True))
        connection.execute(sa.update(occurrence).where(*same).values(recovered=1))
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


def red(task: tuple[str, str], when: datetime, kind: Kind | None) -> Any:
    """Open incidents in which the task failed before `when`, and in which that success is news. Without
    a kind these are all but those of its data: a check that only warns succeeds."""
    t, i = incident_task.c, incident.c
    query = (
        sa.select(t.incident, t.greens, i.kind, i.regressions)
        .join(incident, i.id == t.incident)
        .where(
            t.task == code(*task),
            i.state != "resolved",
            t.last_seen < when,
            sa.or_(t.green.is_(None), t.green < when),
        )
    )
    if kind is None:
        return query.where(i.kind != KINDS.index("data"))
    return query.where(i.kind == KINDS.index(kind))


def waiting(rows: Sequence[Any]) -> list[Any]:
    """Those for which one more success counts."""
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
    for row in waiting(connection.execute(red(task, when, kind)).all()):
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


def block(connection: sa.Connection, task: TaskRef, blast: Sequence[str], kind: Kind) -> None:
    """State anew which tasks could not run because of a failed try."""
    lock(connection)
    o, k = occurrence.c, known_task.c
    same = [o[name] == value for name, value in key(task, kind)._asdict().items()]
    query = sa.select(o.incident, o.blast, o.rest, k.dag).join(known_task, k.id == o.task)
    row = connection.execute(query.where(*same)).first()
    if row is None or row.blast == len(set(blast)):
        return
    rest = row.rest
    if rest is not None:
        one = msgspec.msgpack.decode(rest, type=Occurrence)
        kept = tuple(sorted(set(blast)))[:100]
        rest = msgspec.msgpack.encode(msgspec.structs.replace(one, blast=kept))
    connection.execute(sa.update(occurrence).where(*same).values(blast=len(set(blast)), rest=rest))
    add(connection, row.incident, row.dag, "blast", len(set(blast)) - row.blast)
