"""Finding: incidents by what is asked, a page at a time, as somebody may see them.

Who may read some DAGs only is told what happened in those: counts, times, texts and tries are taken
from these DAGs alone, as if nothing else had been recorded.
"""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from dagnosis.errors import WrongUse
from dagnosis.incidents.asking import Question, among, codes
from dagnosis.incidents.contract import Incident, Kind, Occurrence, Page, Query
from dagnosis.incidents.recording import FOUND_BY, KINDS, key
from dagnosis.incidents.standing import effective, novelty
from dagnosis.incidents.tables import (
    LONG,
    code,
    incident,
    incident_dag,
    known_dag,
    known_run,
    known_task,
    occurrence,
    wording,
)
from dagnosis.model import TaskRef

CAP = 10_000
"""More incidents than this are not counted."""
MOST = 500
"""Incidents of one page at most."""
Readable = frozenset[str] | None


def find(connection: sa.Connection, query: Query, now: datetime) -> Page:
    """See `IncidentStore.find`."""
    if query.limit < 1:
        raise WrongUse(f"limit: {query.limit} is below 1")
    if query.readable is not None and not query.readable:
        return Page(incidents=(), total=0)
    question = Question(connection, query, now)
    limit = min(query.limit, MOST)
    after, total = _position(query) if query.cursor else (None, None)
    rows = connection.execute(question.page(after, limit + 1)).all()
    shown, more = rows[:limit], len(rows) > limit
    if total is None:
        total = connection.execute(question.total(CAP)).scalar_one() if more else len(rows)
    return Page(
        incidents=tuple(load(connection, [row.id for row in shown], query.readable, now)),
        total=total,
        next_cursor=_cursor(query, shown[-1].value, shown[-1].id, total) if more else "",
    )


# ---------------------------------------------------------------- pages


def _cursor(query: Query, value: int, id_: int, total: int) -> str:
    told = msgspec.json.encode([query.order, int(value), id_, total])
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def _position(query: Query) -> tuple[tuple[int, int], int]:
    """The place that the cursor names, and the total that it was given with."""
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        told = base64.b64decode(padded, b"-_", validate=True)
        order, value, id_, total = msgspec.json.decode(told, type=tuple[str, int, int, int])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        order = ""
    if order != query.order or max(abs(value), abs(id_)) >= 1 << 63 or not 0 <= total <= CAP:
        raise WrongUse("cursor: not one of this list; leave it out to begin with the first page")
    return (value, id_), total


# ---------------------------------------------------------------- incidents as they are seen


def load(
    connection: sa.Connection, ids: Sequence[int], readable: Readable, now: datetime
) -> list[Incident]:
    """Incidents by their ids, in order, as one sees them who may read these DAGs."""
    if not ids:
        return []
    rows = {
        row["id"]: dict(row)
        for row in connection.execute(sa.select(incident).where(incident.c.id.in_(ids))).mappings()
    }
    if readable is not None:
        rows = _narrowed(connection, rows, readable)
    worded = wording.c.id.in_({row["wording"] for row in rows.values()})
    said = {
        row["id"]: row for row in connection.execute(sa.select(wording).where(worded)).mappings()
    }
    members = _members(connection, rows, readable)
    leaders = _leaders(connection, rows, readable)
    seen = []
    for id_ in ids:
        if id_ not in rows:
            continue
        row = rows[id_]
        words = said[row["wording"]]
        state = effective(row["state"], row["muted_until"], now)
        seen.append(
            Incident(
                id=id_,
                kind=KINDS[row["kind"]],
                fingerprint=row["fingerprint"],
                cause=words["cause"],
                detail=words["detail"],
                title=words["title"],
                confidence=words["confidence"],
                transience=words["transience"],
                message=words["message"],
                quote=words["quote"],
                fix=tuple(msgspec.json.decode(words["fix"])),
                state=state,
                novelty=novelty(
                    row["regressed"] is not None,
                    row["recovered"],
                    row["count"],
                    row["first_seen"],
                    row["last_seen"],
                ),
                first_seen=row["first_seen"],
                last_seen=row["last_seen"],
                count=row["count"],
                tasks=row["tasks"],
                runs=row["runs"],
                dags=row["dags"],
                blast=row["blast"],
                muted_until=row["muted_until"] if state == "muted" else None,
                outage_id=row["outage"] if row["outage"] in leaders else None,
                members=members.get(id_, 0),
                first_failed=_at(connection, id_, row["first_seen"], row.get("first_dag")),
                last_failed=_at(connection, id_, row["last_seen"], row.get("last_dag")),
                assignee=row["assignee"],
            )
        )
    return seen


def _narrowed(
    connection: sa.Connection, rows: dict[int, dict[str, Any]], readable: frozenset[str]
) -> dict[int, dict[str, Any]]:
    """The rows with what happened in the readable DAGs; those in which nothing did are left out."""
    d = incident_dag.c
    scopes: dict[int, list[Any]] = defaultdict(list)
    query = sa.select(incident_dag).where(d.incident.in_(rows), among(readable))
    for row in connection.execute(query).mappings():
        scopes[row["incident"]].append(row)
    narrowed = {}
    for id_, its in scopes.items():
        best = max(its, key=lambda row: (row["confidence"], row["dag"]))
        first = min(its, key=lambda row: row["first_seen"])
        last = max(its, key=lambda row: row["last_seen"])
        sums = ("count", "tasks", "runs", "blast", "recovered")
        narrowed[id_] = {
            **rows[id_],
            **{name: sum(row[name] for row in its) for name in sums},
            "dags": len(its),
            "wording": best["wording"],
            "first_seen": first["first_seen"],
            "first_dag": first["dag"],
            "last_seen": last["last_seen"],
            "last_dag": last["dag"],
        }
        complete = narrowed[id_]["dags"] == rows[id_]["dags"]
        if not complete:  # that it was known, and who cares for it, may be known from other DAGs
            narrowed[id_]["regressed"] = None
    return narrowed


def _members(connection: sa.Connection, ids: Iterable[int], readable: Readable) -> dict[int, int]:
    i, d = incident.c, incident_dag.c
    query = sa.select(i.outage, sa.func.count()).where(i.outage.in_(list(ids))).group_by(i.outage)
    if readable is not None:
        query = query.where(sa.exists().where(d.incident == i.id, among(readable)))
    return {row[0]: row[1] for row in connection.execute(query)}


def _leaders(
    connection: sa.Connection, rows: dict[int, dict[str, Any]], readable: Readable
) -> set[int]:
    """Leaders of the incidents, of those that may be read."""
    leaders = {row["outage"] for row in rows.values() if row["outage"] is not None}
    if readable is None or not leaders:
        return leaders
    d = incident_dag.c
    query = sa.select(d.incident).where(d.incident.in_(leaders), among(readable))
    return set(connection.execute(query).scalars())


_NAMES = sa.join(
    occurrence, known_task, known_task.c.id == occurrence.c.task
).join(known_dag, known_dag.c.id == known_task.c.dag).join(
    known_run, known_run.c.id == occurrence.c.run
)  # fmt: skip
_REF = (
    known_dag.c.dag_id,
    known_run.c.run_id,
    known_task.c.task_id,
    occurrence.c.map_index,
    occurrence.c.try_number,
)


_AT = (
    sa.select(*_REF)
    .select_from(_NAMES)
    .where(
        occurrence.c.incident == sa.bindparam("its"),
        occurrence.c.occurred == sa.bindparam("at", type_=occurrence.c.occurred.type),
    )
    .limit(1)
)
_AT_IN = _AT.where(known_task.c.dag == sa.bindparam("dag"))


def _at(connection: sa.Connection, id_: int, when: datetime, dag: int | None) -> TaskRef | None:
    """A try of an incident that failed at that time, in that DAG where one is given; None where it is
    not kept any more."""
    asked = {"its": id_, "at": when}
    if dag is None:
        row = connection.execute(_AT, asked).first()
    else:
        row = connection.execute(_AT_IN, {**asked, "dag": dag}).first()
    return TaskRef(*row) if row else None


# ---------------------------------------------------------------- occurrences


def of_task(
    connection: sa.Connection, task: TaskRef, kind: Kind, readable: Readable, now: datetime
) -> Incident | None:
    """See `IncidentStore.of_task`."""
    id_ = connection.execute(sa.select(occurrence.c.incident).where(*_is(task, kind))).scalar()
    found = load(connection, [id_], readable, now) if id_ else []
    return found[0] if found else None


def _is(task: TaskRef, kind: Kind) -> list[Any]:
    o = occurrence.c
    its = key(task, kind)._asdict()
    its.pop("what")
    same = [o[name] == value for name, value in its.items()]
    return [*same, o.what.op("&")(7) == KINDS.index(kind)]


def occurrence_of(connection: sa.Connection, task: TaskRef, kind: Kind) -> Occurrence | None:
    """See `IncidentStore.occurrence`."""
    found = _read(connection, _all().where(*_is(task, kind)).limit(1))
    return found[0] if found else None


def occurrences(
    connection: sa.Connection,
    incident_id: int,
    limit: int,
    before: datetime | None,
    readable: Readable,
) -> list[Occurrence]:
    """See `IncidentStore.occurrences`."""
    o = occurrence.c
    query = _all().where(o.incident == incident_id)
    if before is not None:
        query = query.where(o.occurred < before)
    if readable is not None:
        query = query.where(known_task.c.dag.in_(codes(readable)))
    return _read(connection, query.order_by(o.occurred.desc(), o.try_number.desc()).limit(limit))


def of_run(connection: sa.Connection, dag_id: str, run_id: str) -> list[Occurrence]:
    """See `IncidentStore.of_run`."""
    o = occurrence.c
    query = _all().where(o.run == code(run_id, bits=LONG), known_task.c.dag == code(dag_id))
    return _read(connection, query.order_by(o.occurred, o.try_number))


def _all() -> Any:
    d, i, o = incident_dag.c, incident.c, occurrence.c
    return sa.select(
        *_REF, o.what, o.occurred, o.final, o.found_by, o.rest, i.fingerprint,
        *(column for column in wording.c if column.name not in ("id", "search")),
    ).select_from(
        _NAMES.join(incident, i.id == o.incident)
        .join(incident_dag, sa.and_(d.dag == known_task.c.dag, d.incident == o.incident))
        .join(wording, wording.c.id == d.wording)
    )  # fmt: skip


def _read(connection: sa.Connection, query: Any) -> list[Occurrence]:
    return [_occurrence(row) for row in connection.execute(query).mappings()]


def _occurrence(row: Any) -> Occurrence:
    if row["rest"] is not None:
        return msgspec.msgpack.decode(row["rest"], type=Occurrence)
    names = ("cause", "detail", "title", "confidence", "transience", "engine", "message", "quote")
    return Occurrence(
        task=TaskRef(*(row[name] for name in TaskRef.__struct_fields__)),
        kind=KINDS[row["what"] & 7],
        subject=row["subject"] if row["what"] >> 3 else "",
        occurred=row["occurred"],
        found_by=FOUND_BY[row["found_by"]],
        fingerprint=row["fingerprint"],
        final=bool(row["final"]),
        fix=tuple(msgspec.json.decode(row["fix"])),
        **{name: row[name] for name in names},
    )
