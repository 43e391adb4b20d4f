"""Recording: a batch of occurrences inside one transaction, in as many queries as it has tables.

Writers come one after another (a lock in PostgreSQL, SQLite's own), so that what is read here still
holds when it is written: counts are exact with any number of writers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec
import sqlalchemy as sa

from dagnosis.incidents import outages, statements
from dagnosis.incidents.contract import FoundBy, Kind, Occurrence, Recorded
from dagnosis.incidents.database import clean
from dagnosis.incidents.standing import Standing
from dagnosis.incidents.store import Remembered, keep
from dagnosis.incidents.tables import (
    LONG,
    code,
    entry,
    incident,
    known_dag,
    known_run,
    known_task,
    wording,
)
from dagnosis.model import TaskRef

KINDS: tuple[Kind, ...] = ("failure", "import", "data", "silent", "late")
FOUND_BY: tuple[FoundBy, ...] = ("hook", "poll", "event", "file", "check")
TEXT, SEARCHED = 1000, 200
"""Characters kept of a message, a quote, a step of a fix; and of those a search looks at."""
KEPT = 5
"""Of so many newest occurrences, and of the first one, all that was stated is kept."""
CHUNK = 1000
"""Occurrences that are looked up at once."""
T = TypeVar("T")


class Key(NamedTuple):
    """What makes an occurrence the same one; the columns of its primary key."""

    run: int
    task: int
    map_index: int
    try_number: int
    what: int


def what(kind: Kind, subject: str = "") -> int:
    """A kind with its subject as a number; the kind is its last three bits."""
    return (code(subject, bits=44) << 3 if subject else 0) | KINDS.index(kind)


def key(task: TaskRef, kind: Kind, subject: str = "") -> Key:
    """The primary key of an occurrence."""
    return Key(
        code(task.run_id, bits=LONG),
        code(task.dag_id, task.task_id),
        task.map_index,
        task.try_number,
        what(kind, subject),
    )


@dataclass
class _Scope:
    """What an incident did within one DAG."""

    dag: int
    count: int = 0
    tasks: int = 0
    runs: int = 0
    blast: int = 0
    recovered: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    cause: str = ""
    detail: str = ""
    wording: int = 0
    confidence: float = -1.0


@dataclass
class _Open:
    """An incident that a batch touches; `id` is 0 until it is written."""

    kind: Kind
    fingerprint: str
    standing: Standing
    id: int = 0
    cause: str = ""
    detail: str = ""
    wording: int = 0
    confidence: float = -1.0
    tasks: int = 0
    runs: int = 0
    blast: int = 0
    recovered: int = 0
    outage: int | None = None
    scopes: dict[int, _Scope] = field(default_factory=dict)
    known_tasks: set[int] = field(default_factory=set)
    known_runs: set[tuple[int, int]] = field(default_factory=set)
    failed: dict[int, datetime] = field(default_factory=dict)
    """The newest failure of each task in this batch."""
    said: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Wordings that are to be kept."""


class _Fresh(NamedTuple):
    one: Occurrence
    key: Key
    dag: int
    place: int


def record(
    connection: sa.Connection, occurrences: Sequence[Occurrence], horizon: datetime | None = None
) -> list[Recorded]:
    """Count what was not counted before; one answer for each, in order.

    What is from before the `horizon` was counted and is not kept: it is known, whatever it is.
    """
    lock(connection)
    if horizon is not None and any(one.occurred < horizon for one in occurrences):
        return _record_after(connection, occurrences, horizon)
    recorded: list[Recorded] = []
    for chunk in chunks(occurrences, CHUNK):
        recorded += _record(connection, chunk)
    return recorded


def _record_after(
    connection: sa.Connection, occurrences: Sequence[Occurrence], horizon: datetime
) -> list[Recorded]:
    counted = iter(record(connection, [one for one in occurrences if one.occurred >= horizon]))
    i = incident.c
    recorded = []
    for one in occurrences:
        if one.occurred >= horizon:
            recorded.append(next(counted))
            continue
        its = (i.kind == KINDS.index(one.kind), i.fingerprint == clean(one.fingerprint))
        id_ = connection.execute(sa.select(i.id).where(*its)).scalar()
        recorded.append(Recorded(incident_id=id_ or 0, known=True))
    return recorded


LOCK = 0x69_6E_63_69_64_65_6E_74
"""Of PostgreSQL's advisory locks: the bytes of "incident"."""


def lock(connection: sa.Connection) -> None:
    """One writer at a time, until the transaction ends; SQLite has no others anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})


@contextmanager
def telling(connection: sa.Connection, quiet: bool) -> Iterator[None]:
    """What is written within is told, unless it is `quiet`: then it only stands in the timelines."""
    if not quiet:
        yield
        return
    lock(connection)
    e = entry.c
    last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(e.id), 0))).scalar_one()
    yield
    fresh = sa.update(entry).where(e.id > last, e.told == 0)
    connection.execute(fresh.values(told=1))


def chunks(items: Iterable[T], size: int) -> Iterable[list[T]]:
    """Lists of at most `size` items."""
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _record(connection: sa.Connection, chunk: list[Occurrence]) -> list[Recorded]:
    keys = [_key_of(one) for one in chunk]
    known = _known(connection, set(keys))
    fresh: dict[Key, _Fresh] = {}
    for place, (one, its) in enumerate(zip(chunk, keys, strict=True)):
        if its not in known and its not in fresh:
            fresh[its] = _Fresh(one, its, code(one.task.dag_id), place)
    if not fresh:
        return [Recorded(incident_id=known[its], known=True) for its in keys]
    in_time = sorted(fresh.values(), key=lambda new: (new.one.occurred, new.key))
    opened = _opened(connection, in_time)
    _name(connection, in_time)
    answers = _count(opened, in_time)
    _write_incidents(connection, opened.values())
    _write_occurrences(connection, opened, in_time)
    silent = _join(connection, opened, in_time, answers)
    _write_entries(connection, opened.values(), silent)
    recorded = []
    for place, its in enumerate(keys):
        new = fresh.get(its)
        if new is None or new.place != place:
            id_ = known[its] if new is None else opened[_of(new.one)].id
            recorded.append(Recorded(incident_id=id_, known=True))
            continue
        id_ = opened[_of(new.one)].id
        told = answers.get(its)
        recorded.append(Recorded(incident_id=id_, known=False, transition=told))
    return recorded


def counted(connection: sa.Connection, tasks: Iterable[TaskRef], kind: Kind) -> frozenset[TaskRef]:
    """See `IncidentStore.counted`."""
    found: set[TaskRef] = set()
    for chunk in chunks(tasks, CHUNK):
        keys = {key(task, kind): task for task in chunk}
        found.update(keys[its] for its in _known(connection, set(keys)))
    return frozenset(found)


def _of(one: Occurrence) -> tuple[Kind, str]:
    return one.kind, one.fingerprint


def _known(connection: sa.Connection, keys: set[Key]) -> dict[Key, int]:
    """Those that were recorded before, and their incidents."""
    query = statements.known(connection.dialect.name)
    rows = connection.execute(query, statements.given(sorted(keys)))
    return {Key(*row[:5]): row[5] for row in rows}


def _opened(connection: sa.Connection, fresh: list[_Fresh]) -> dict[tuple[Kind, str], _Open]:
    """The incidents of a batch, as they stand; those that are not there yet as new ones."""
    opened: dict[tuple[Kind, str], _Open] = {}
    asked: dict[Kind, set[str]] = defaultdict(set)
    for new in fresh:
        asked[new.one.kind].add(clean(new.one.fingerprint))
    for kind, fingerprints in asked.items():
        named = {"its_kind": KINDS.index(kind), "fingerprints": sorted(fingerprints)}
        for row in connection.execute(statements.OPENED, named).mappings():
            opened[kind, row["fingerprint"]] = _from_row(kind, row)
    for new in fresh:
        if _of(new.one) not in opened:
            when = new.one.occurred
            standing = Standing(when, when)
            opened[_of(new.one)] = _Open(*_of(new.one), standing)
    _load_members(connection, opened, fresh)
    return opened


_STANDING = tuple(name for name in Standing.__dataclass_fields__ if name != "transitions")
_NUMBERS = ("cause", "detail", "wording", "confidence", "tasks", "runs", "blast", "recovered")


def _from_row(kind: Kind, row: Any) -> _Open:
    standing = Standing(**{name: row[name] for name in _STANDING})
    numbers = {name: row[name] for name in _NUMBERS}
    return _Open(kind, row["fingerprint"], standing, row["id"], outage=row["outage"], **numbers)


def _load_members(
    connection: sa.Connection, opened: dict[tuple[Kind, str], _Open], fresh: list[_Fresh]
) -> None:
    """Which DAGs, tasks and runs of the batch the incidents have counted already."""
    by_id = {one.id: one for one in opened.values() if one.id}
    pairs = {(opened[_of(new.one)].id, new) for new in fresh if opened[_of(new.one)].id}
    if not pairs:
        return
    dialect = connection.dialect.name

    def those(query: Any, rows: Iterable[tuple[int, ...]]) -> sa.CursorResult[Any]:
        return connection.execute(query, statements.given(sorted(rows)))

    dags = {(new.dag, id_) for id_, new in pairs}
    for counted in those(statements.scopes(dialect), dags).mappings():
        values = {name: counted[name] for name in _Scope.__dataclass_fields__}
        by_id[counted["incident"]].scopes[counted["dag"]] = _Scope(**values)
    tasks = {(new.key.task, id_) for id_, new in pairs}
    for row in those(statements.tasks(dialect), tasks):
        by_id[row.incident].known_tasks.add(row.task)
    runs = {(new.key.run, new.dag, id_) for id_, new in pairs}
    for row in those(statements.runs(dialect), runs):
        by_id[row.incident].known_runs.add((row.run, row.dag))


def _name(connection: sa.Connection, fresh: list[_Fresh]) -> None:
    """Write down the names that the codes stand for."""
    dags, tasks, runs = {}, {}, {}
    for new in fresh:
        task = new.one.task
        dags[new.dag] = {"id": new.dag, "dag_id": clean(task.dag_id)}
        tasks[new.key.task] = {"id": new.key.task, "dag": new.dag, "task_id": clean(task.task_id)}
        runs[new.key.run] = {"id": new.key.run, "run_id": clean(task.run_id)}
    for table, rows in ((known_dag, dags), (known_task, tasks), (known_run, runs)):
        _insert_new(connection, table, [rows[id_] for id_ in sorted(rows)])


def _insert_new(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(statements.insert_new(connection.dialect.name, table), rows)


def _count(opened: dict[tuple[Kind, str], _Open], fresh: list[_Fresh]) -> dict[Key, Any]:
    """Count in memory, in the order of time; the transitions by key."""
    answers = {}
    for new in fresh:
        one, its = new.one, opened[_of(new.one)]
        scope = its.scopes.setdefault(new.dag, _Scope(new.dag))
        answers[new.key] = its.standing.occurs(one.occurred, _dags(its, scope))
        if answers[new.key] == "regressed":
            its.outage = None
        for counted in (its, scope):
            counted.blast += len(one.blast)
        scope.count += 1
        if new.key.task not in its.known_tasks:
            its.known_tasks.add(new.key.task)
            its.tasks += 1
            scope.tasks += 1
        if (new.key.run, new.dag) not in its.known_runs:
            its.known_runs.add((new.key.run, new.dag))
            its.runs += 1
            scope.runs += 1
        scope.first_seen = min(scope.first_seen or one.occurred, one.occurred)
        scope.last_seen = max(scope.last_seen or one.occurred, one.occurred)
        its.failed[new.key.task] = max(its.failed.get(new.key.task, one.occurred), one.occurred)
        for answered in (its, scope):
            if one.confidence > answered.confidence:
                answered.cause, answered.detail = clean(one.cause), clean(one.detail)
                answered.confidence = one.confidence
                row = words(one)
                answered.wording = row["id"]
                its.said[row["id"]] = row
    return answers


def _dags(its: _Open, scope: _Scope) -> int:
    return its.standing.dags + (scope.count == 0)


def words(one: Occurrence) -> dict[str, Any]:
    """The row of `wording` for what an occurrence says."""
    row: dict[str, Any] = {
        "subject": clean(one.subject)[:TEXT],
        "cause": clean(one.cause),
        "detail": clean(one.detail),
        "title": clean(one.title)[:TEXT],
        "confidence": one.confidence,
        "transience": one.transience,
        "engine": one.engine,
        "message": clean(one.message)[:TEXT],
        "quote": clean(one.quote)[:TEXT],
        "quote_line": one.quote_line,
        "fix": msgspec.json.encode([clean(step)[:TEXT] for step in one.fix[:10]]).decode(),
    }
    looked_at = f"{row['detail']} {row['title']} {row['subject']} {row['message']}"
    row["search"] = looked_at[:SEARCHED].lower()
    digest = blake2b(repr(row).encode(), digest_size=8).digest()
    return {"id": int.from_bytes(digest, "big") >> 1, **row}


def _write_incidents(connection: sa.Connection, opened: Iterable[_Open]) -> None:
    opened = list(opened)
    made = [its for its in opened if not its.id]
    changed = [{"its": its.id, **_values_of(its)} for its in opened if its.id]
    if made:
        rows = [{"assignee": "", **_values_of(its)} for its in made]
        ids = connection.execute(statements.MAKE, rows).scalars()
        for its, id_ in zip(made, ids, strict=True):
            its.id = id_
    if changed:
        connection.execute(statements.CHANGE, changed)


def _values_of(its: _Open) -> dict[str, Any]:
    return {
        "kind": KINDS.index(its.kind),
        "fingerprint": clean(its.fingerprint),
        "outage": its.outage,
        **{name: getattr(its.standing, name) for name in _STANDING},
        **{name: getattr(its, name) for name in _NUMBERS},
    }


def _write_occurrences(
    connection: sa.Connection, opened: dict[tuple[Kind, str], _Open], fresh: list[_Fresh]
) -> None:
    kept = _kept(connection, opened, fresh)
    rows = [
        {
            **new.key._asdict(),
            "incident": opened[_of(new.one)].id,
            "occurred": new.one.occurred,
            "final": int(new.one.final),
            "found_by": FOUND_BY.index(new.one.found_by),
            "blast": len(new.one.blast),
            "recovered": 0,
            "rest": rest(new.one) if new.key in kept else None,
        }
        for new in fresh
    ]
    connection.execute(statements.OCCUR, rows)
    said = {id_: row for its in opened.values() for id_, row in its.said.items()}
    _insert_new(connection, wording, [said[id_] for id_ in sorted(said)])
    _write_scopes(connection, opened.values())


def rest(one: Occurrence) -> bytes:
    """All that an occurrence states, cut to what may be kept."""
    short = {
        name: getattr(one, name)[:TEXT]
        for name in ("title", "message", "quote", "subject", "operator", "hostname", "dag_version")
    }
    fix = tuple(step[:TEXT] for step in one.fix[:10])
    one = msgspec.structs.replace(one, **short, fix=fix, blast=one.blast[:100])
    return msgspec.msgpack.encode(_cleaned(msgspec.to_builtins(one)))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {name: _cleaned(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_cleaned(item) for item in value]
    return value


def _kept(
    connection: sa.Connection, opened: dict[tuple[Kind, str], _Open], fresh: list[_Fresh]
) -> set[Key]:
    """Which of the new ones are kept whole; older ones that are not any more are emptied."""
    by_incident: dict[int, list[tuple[datetime, Key]]] = defaultdict(list)
    for new in fresh:
        by_incident[opened[_of(new.one)].id].append((new.one.occurred, new.key))
    before: dict[int, list[tuple[datetime, Key]]] = defaultdict(list)
    for row in connection.execute(statements.KEPT, {"incidents": list(by_incident)}):
        before[row[0]].append((row[1], Key(*row[2:])))
    kept: set[Key] = set()
    emptied: list[Key] = []
    for id_, new_ones in by_incident.items():
        everything = sorted(new_ones + before[id_])
        staying = {its for _, its in (everything[:1] + everything[-KEPT:])}
        kept |= staying
        emptied += [its for _, its in before[id_] if its not in staying]
    if emptied:
        _forget_diagnoses(connection, emptied)
        connection.execute(statements.EMPTY, [_its(one) for one in emptied])
    return kept


def _forget_diagnoses(connection: sa.Connection, emptied: Iterable[Key]) -> None:
    """Of tries that are not kept whole any more, unless a user said something of them."""
    ids = set()
    for its in emptied:
        rest = connection.execute(statements.REST, _its(its)).scalar_one()
        ids.add(msgspec.msgpack.decode(rest, type=Occurrence).diagnosis_id)
    ids.discard("")
    if ids:
        connection.execute(statements.FORGET, {"ids": sorted(ids)})


def _its(one: Key) -> dict[str, int]:
    return {f"its_{name}": value for name, value in one._asdict().items()}


def keep_diagnoses(
    connection: sa.Connection, occurrences: Iterable[Occurrence], diagnoses: Iterable[Remembered]
) -> None:
    """Keep the diagnoses of tries that are kept whole."""
    by_id = {one.id: one for one in diagnoses}
    for one in occurrences:
        if one.diagnosis_id not in by_id:
            continue
        if connection.execute(statements.IS_KEPT, _its(_key_of(one))).first():
            keep(connection, by_id[one.diagnosis_id])


def _key_of(one: Occurrence) -> Key:
    return key(one.task, one.kind, one.subject)


def _write_scopes(connection: sa.Connection, opened: Iterable[_Open]) -> None:
    scopes: list[dict[str, Any]] = []
    tasks: list[dict[str, Any]] = []
    for its in opened:
        scopes += [{"incident": its.id, **vars(scope)} for scope in its.scopes.values()]
        tasks += [
            {"incident": its.id, "task": task, "last_seen": when, "greens": 0}
            for task, when in its.failed.items()
        ]
    connection.execute(statements.keep_scopes(connection.dialect.name), scopes)
    connection.execute(statements.keep_tasks(connection.dialect.name), tasks)


def _join(
    connection: sa.Connection,
    opened: dict[tuple[Kind, str], _Open],
    fresh: list[_Fresh],
    answers: dict[Key, Any],
) -> set[int]:
    """Find outages; members that are new in one, of which nothing else is to be told."""
    young = []
    for new in fresh:
        its = opened[_of(new.one)]
        began = its.standing.regressed or its.standing.first_seen
        if abs(new.one.occurred - began) <= 2 * outages.WINDOW:
            young.append((new.one, its.id, new.dag))
    touched = outages.mark(connection, young)
    found = outages.join(connection, touched) if touched else []
    if not found:
        return set()
    leaders = defaultdict(list)
    for joined in found:
        leaders[joined.leader].append(joined.member)
    by_id = {its.id: its for its in opened.values()}
    when = max(new.one.occurred for new in fresh)
    for leader, members in leaders.items():
        _tell_leader(connection, leader, len(members), when, by_id.get(leader))
    silent = {joined.member for joined in found}
    for new in fresh:
        if opened[_of(new.one)].id in silent and answers.get(new.key) == "new":
            answers[new.key] = None
    _insert_entries(
        connection,
        [
            {"incident": joined.member, "occurred": when, "what": "outage", "text": f"#{joined.leader}",
             "who": "", "told": 1}
            for joined in found
        ],
    )  # fmt: skip
    return silent


def _tell_leader(
    connection: sa.Connection, leader: int, joined: int, when: datetime, its: _Open | None
) -> None:
    """The outage is told of as its leader's escalation."""
    loaded = its is None
    if its is None:
        row = (
            connection.execute(sa.select(incident).where(incident.c.id == leader)).mappings().one()
        )
        its = _from_row(KINDS[row["kind"]], row)
    if not its.standing.escalates(when, f"an outage, with {joined} more"):
        return
    connection.execute(
        sa.update(incident)
        .where(incident.c.id == leader)
        .values(escalated=its.standing.escalated, spread=its.standing.spread)
    )
    if loaded:
        _write_entries(connection, [its], set())


def _write_entries(connection: sa.Connection, opened: Iterable[_Open], silent: set[int]) -> None:
    rows = [
        {
            "incident": its.id,
            "occurred": when,
            "what": transition,
            "text": text,
            "who": "",
            "told": int(transition == "new" and its.id in silent),
        }
        for its in opened
        for transition, when, text in its.standing.transitions
    ]
    _insert_entries(connection, rows)


def _insert_entries(connection: sa.Connection, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(sa.insert(entry), rows)
