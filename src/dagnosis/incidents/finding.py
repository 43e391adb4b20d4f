"""Finding: incidents by what is asked, a page at a time, as somebody may see them.

Who may read some DAGs only is told what happened in those: counts, times, texts and tries are taken
from these DAGs alone, as if nothing else had been recorded.
"""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from dagnosis.errors import WrongUse
from dagnosis.incidents.contract import Incident, Kind, Occurrence, Page, Query
from dagnosis.incidents.database import clean
from dagnosis.incidents.recording import FOUND_BY, KINDS, key
from dagnosis.incidents.standing import effective, novelty
from dagnosis.incidents.tables import (
    LONG,
    code,
    incident,
    incident_dag,
    incident_task,
    known_dag,
    known_run,
    known_task,
    micros,
    occurrence,
    wording,
)
from dagnosis.model import TaskRef

CAP = 10_000
"""More incidents than this are not counted."""
MOST = 500
"""Incidents of one page at most."""
FEW = 2000
"""So many answers that hold a text are named one by one."""
Readable = frozenset[str] | None


def codes(readable: Iterable[str]) -> Any:
    """DAGs as a list of values that SQL takes whatever its length."""
    found = sorted(code(dag_id) for dag_id in readable)
    return sa.bindparam("readable", found, expanding=True, literal_execute=True)


def find(connection: sa.Connection, query: Query, now: datetime) -> Page:
    """See `IncidentStore.find`."""
    if query.limit < 1:
        raise WrongUse(f"limit: {query.limit} is below 1")
    if query.readable is not None and not query.readable:
        return Page(incidents=(), total=0)
    base = _base(query)
    conditions = [*_conditions(query, base, now, _worded(connection, query.text))]
    limit = min(query.limit, MOST)
    order = base.columns[query.order]
    i = incident.c
    asked = sa.select(i.id, order).select_from(base.source).where(*conditions)
    known = None
    if query.cursor:
        value, after, known = _position(query)
        asked = asked.where(
            sa.tuple_(order, i.id) < sa.tuple_(sa.literal(value), sa.literal(after))
        )
    elif query.readable is not None:  # their sums are made once, for the page and the total
        asked = asked.add_columns(sa.func.count().over().label("total"))
    rows = connection.execute(asked.order_by(order.desc(), i.id.desc()).limit(limit + 1)).all()
    if known is not None:
        total = known
    elif query.readable is not None:
        total = min(rows[0].total, CAP) if rows else 0
    else:
        capped = sa.select(i.id).select_from(base.source).where(*conditions).limit(CAP).subquery()
        total = connection.execute(sa.select(sa.func.count()).select_from(capped)).scalar_one()
    ids = [row[0] for row in rows[:limit]]
    more = len(rows) > limit
    return Page(
        incidents=tuple(load(connection, ids, query.readable, now)),
        total=total,
        next_cursor=_cursor(query, rows[limit - 1][1], ids[-1], total) if more else "",
    )


class _Base(NamedTuple):
    """What is selected from, and the columns that an order or a time goes by."""

    source: Any
    columns: dict[str, Any]


def _base(query: Query) -> _Base:
    names = ("count", "dags", "first_seen", "last_seen")
    if query.readable is None:
        return _Base(incident, {name: _number(incident.c[name]) for name in names})
    d = incident_dag.c
    seen = (
        sa.select(
            d.incident,
            sa.func.sum(d.count).label("count"),
            sa.func.count().label("dags"),
            sa.func.min(_number(d.first_seen)).label("first_seen"),
            sa.func.max(_number(d.last_seen)).label("last_seen"),
        )
        .where(d.dag.in_(codes(query.readable)))
        .group_by(d.incident)
        .subquery("seen")
    )
    joined = sa.join(seen, incident, incident.c.id == seen.c.incident)
    return _Base(joined, {name: seen.c[name] for name in names})


def _number(column: Any) -> Any:
    return sa.type_coerce(column, sa.BigInteger)


def _conditions(
    query: Query, base: _Base, now: datetime, worded: list[int] | None
) -> Iterable[Any]:
    i = incident.c
    if query.states:
        yield _in_states(query.states, now)
    if query.kinds:
        yield i.kind.in_([KINDS.index(kind) for kind in query.kinds])
    if query.causes:
        yield _scoped(query, incident.c, lambda c: _caused(c, query.causes))
    if query.dag_id:
        d = incident_dag.c
        yield i.id.in_(_within(query, sa.select(d.incident).where(d.dag == code(query.dag_id))))
    if query.task_id:
        yield i.id.in_(_with_task(query))
    if query.run_id:
        yield i.id.in_(_with_run(query))
    if query.text:
        yield _said(query, worded)
    if query.since is not None:
        yield base.columns["last_seen"] >= micros(query.since)
    if query.until is not None:
        yield base.columns["first_seen"] < micros(query.until)
    if not query.members:
        yield _no_member(query)


def _in_states(states: Sequence[str], now: datetime) -> Any:
    i = incident.c
    ended = sa.and_(i.state == "muted", i.muted_until.is_not(None), i.muted_until <= now)
    named = [state for state in states if state != "muted"]
    wanted: list[Any] = [i.state.in_(named)] if named else []
    if "muted" in states:
        wanted.append(sa.and_(i.state == "muted", sa.not_(ended)))
    if "open" in states:
        wanted.append(ended)
    return sa.or_(*wanted)


def _caused(columns: Any, causes: Sequence[str]) -> Any:
    families = [cause for cause in causes if "." not in cause]
    details = [cause for cause in causes if "." in cause]
    either = [columns.cause.in_(families)] if families else []
    return sa.or_(*either, *([columns.detail.in_(details)] if details else []))


def _scoped(query: Query, columns: Any, condition: Callable[[Any], Any]) -> Any:
    """A condition on the answer: on the incident's, or on those within the readable DAGs."""
    if query.readable is None:
        return condition(columns)
    d = incident_dag.c
    within = sa.select(d.incident).where(d.dag.in_(codes(query.readable)), condition(d))
    return incident.c.id.in_(within)


def _within(query: Query, selected: Any) -> Any:
    """Of readable DAGs only."""
    if query.readable is None:
        return selected
    return selected.where(incident_dag.c.dag.in_(codes(query.readable)))


def _with_task(query: Query) -> Any:
    t, k = incident_task.c, known_task.c
    if query.dag_id:
        selected = sa.select(t.incident).where(t.task == code(query.dag_id, query.task_id))
        return selected if _reads(query, query.dag_id) else selected.where(sa.false())
    named = sa.select(k.id).where(k.task_id == clean(query.task_id))
    if query.readable is not None:
        named = named.where(k.dag.in_(codes(query.readable)))
    return sa.select(t.incident).where(t.task.in_(named))


def _reads(query: Query, dag_id: str) -> bool:
    return query.readable is None or dag_id in query.readable


def _with_run(query: Query) -> Any:
    o, k = occurrence.c, known_task.c
    selected = sa.select(o.incident).where(o.run == code(query.run_id, bits=LONG))
    if not query.dag_id and query.readable is None:
        return selected
    selected = selected.join(known_task, k.id == o.task)
    if query.dag_id:
        selected = selected.where(k.dag == code(query.dag_id))
    return selected if query.readable is None else selected.where(k.dag.in_(codes(query.readable)))


def _worded(connection: sa.Connection, text: str) -> list[int] | None:
    """The answers in which a text stands; None where they are so many that each incident is better
    looked at by itself."""
    if not text:
        return []
    query = sa.select(wording.c.id).where(_holds(text)).limit(FEW + 1)
    found = list(connection.execute(query).scalars())
    return found if len(found) <= FEW else None


def _holds(text: str) -> Any:
    return wording.c.search.contains(clean(text).lower(), autoescape=True)


def _said(query: Query, worded: list[int] | None) -> Any:
    """The text stands in the answer, or in the name of a DAG."""
    d = incident_dag.c

    def says(column: Any) -> Any:
        if worded is None:
            return sa.exists().where(wording.c.id == column, _holds(query.text))
        return column.in_(sa.bindparam("worded", worded, expanding=True, literal_execute=True))

    text = clean(query.text).lower()
    named = sa.select(known_dag.c.id).where(
        sa.func.lower(known_dag.c.dag_id).contains(text, autoescape=True)
    )
    in_dags = sa.select(d.incident).where(d.dag.in_(named))
    if query.readable is None:
        return sa.or_(says(incident.c.wording), incident.c.id.in_(in_dags))
    readable = d.dag.in_(codes(query.readable))
    in_words = sa.select(d.incident).where(readable, says(d.wording))
    return sa.or_(incident.c.id.in_(in_words), incident.c.id.in_(in_dags.where(readable)))


def _no_member(query: Query) -> Any:
    """Members stand with their outage, where that may be read."""
    i = incident.c
    if query.readable is None:
        return i.outage.is_(None)
    d = incident_dag.alias("of_leader").c
    leads = sa.exists().where(d.incident == i.outage, d.dag.in_(codes(query.readable)))
    return sa.or_(i.outage.is_(None), ~leads)


# ---------------------------------------------------------------- pages


def _cursor(query: Query, value: int, id_: int, total: int) -> str:
    told = msgspec.json.encode([query.order, int(value), id_, total])
    return base64.urlsafe_b64encode(told).decode().rstrip("=")


def _position(query: Query) -> tuple[int, int, int]:
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        told = base64.b64decode(padded, b"-_", validate=True)
        order, value, id_, total = msgspec.json.decode(told, type=tuple[str, int, int, int])
    except (binascii.Error, ValueError, msgspec.DecodeError):
        order = ""
    if order != query.order or max(abs(value), abs(id_)) >= 1 << 63 or not 0 <= total <= CAP:
        raise WrongUse("cursor: not one of this list; leave it out to begin with the first page")
    return value, id_, total


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
    query = sa.select(incident_dag).where(d.incident.in_(rows), d.dag.in_(codes(readable)))
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
        query = query.where(sa.exists().where(d.incident == i.id, d.dag.in_(codes(readable))))
    return {row[0]: row[1] for row in connection.execute(query)}


def _leaders(
    connection: sa.Connection, rows: dict[int, dict[str, Any]], readable: Readable
) -> set[int]:
    """Leaders of the incidents, of those that may be read."""
    leaders = {row["outage"] for row in rows.values() if row["outage"] is not None}
    if readable is None or not leaders:
        return leaders
    d = incident_dag.c
    query = sa.select(d.incident).where(d.incident.in_(leaders), d.dag.in_(codes(readable)))
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
