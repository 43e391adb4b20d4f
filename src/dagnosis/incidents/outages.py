"""Outages: many DAGs that fail within minutes for what looks like one reason.

A failure of the outside world carries signs: its cause, the hosts, services and connections that its
message names, the worker that it ran on. Where one sign shows in `DAGS` DAGs within two neighbouring
windows of time, in at least two incidents, the incidents that began then are one outage: the one that
began first leads, the others are its members.

Signs only add up, and whatever is joined by a chain of them is one outage: which incidents are one
does not depend on the order in which they are found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import re2
import sqlalchemy as sa

from dagnosis.incidents.contract import Occurrence
from dagnosis.incidents.statements import insert_new
from dagnosis.incidents.tables import code, incident, micros, outage_sign

WINDOW = timedelta(minutes=10)
DAGS, INCIDENTS = 5, 2
"""So many DAGs, in so many incidents, are an outage."""
MOST_PLACES, MOST_ROWS = 4, 5000
"""Places that are looked for in one message; rows that are looked at for one sign."""

SHARED = frozenset(
    {
        "network", "external_service_error", "scheduler_or_metadata_db", "worker_lost",
        "rate_limit_quota", "disk_full", "authentication",
    }
)  # fmt: skip
"""Families whose causes lie outside of a DAG: the same one in many DAGs is a sign in itself."""
_PLACED = SHARED | {"timeout", "permission", "resource_not_found", "configuration_error"}
_OF_HOST = frozenset({"worker_lost", "disk_full", "out_of_memory"})

_PLACES = re2.compile(
    r"(?i)\b[a-z][a-z0-9+.-]{1,15}://(?:[^\s/@\"']*@)?([a-z0-9][\w.-]*)"
    r"|\b(?:host(?: ?name)?|server at|server|conn(?:ection)?_?id|connection to|resolve|lookup)"
    r"\s?[=:]?\s?(?:host\s?=\s?)?[\"'`]([\w.-]{2,})[\"'`]"
    r"|\bhost=([a-z0-9][\w.-]*)"
    r"|\b((?:[a-z0-9][a-z0-9-]*\.)+[a-z]{2,}):[0-9]{2,5}\b"
)
_NO_PLACE = re2.compile(
    r"^(?:localhost|127\.[\d.]+|0\.0\.0\.0|none|null)$"
    r"|(?:^|\.)(?:sqlalche\.me|pydantic\.dev|readthedocs\.io|github\.com|stackoverflow\.com)$"
    r"|^docs\.|airflow\.apache\.org$"
)


class Found(NamedTuple):
    """An incident that joined an outage, and the incident that leads it."""

    member: int
    leader: int


def signs(one: Occurrence) -> frozenset[str]:
    """What a failure may share with others; empty for one that is the DAG's own.

    >>> from dagnosis.incidents.outages import places
    >>> places("could not translate host name \\"db.acme.io\\" to address")
    ['db.acme.io']
    """
    if one.kind != "failure":
        return frozenset()
    found = set()
    if one.cause in SHARED:
        found.add(f"cause:{one.detail}")
    if one.cause in _PLACED:
        found.update(f"place:{place}" for place in places(f"{one.message}\n{one.quote}"))
    if one.cause in _OF_HOST and one.hostname:
        found.add(f"worker:{one.hostname}")
    return frozenset(found)


def places(text: str) -> list[str]:
    """Hosts, services and connections that a message names, in order, `MOST_PLACES` at most."""
    found: dict[str, None] = {}
    for match in _PLACES.finditer(text[:4000]):
        name = next(group for group in match.groups() if group).lower().rstrip(".")
        if not _NO_PLACE.search(name):
            found[name] = None
        if len(found) == MOST_PLACES:
            break
    return list(found)


def bucket(when: datetime) -> int:
    """The window of a time."""
    return micros(when) // (WINDOW // timedelta(microseconds=1))


def mark(
    connection: sa.Connection, failures: Iterable[tuple[Occurrence, int, int]]
) -> set[tuple[int, int]]:
    """Keep the signs of occurrences (each with its incident and the code of its DAG), of those
    incidents that have just begun; gives (sign, window) of what is new."""
    rows = {
        (code(sign, bits=63), bucket(one.occurred), dag, incident_id)
        for one, incident_id, dag in failures
        for sign in signs(one)
    }
    if not rows:
        return set()
    statement = insert_new(connection.dialect.name, outage_sign)
    columns = ("sign", "bucket", "dag", "incident")
    connection.execute(statement, [dict(zip(columns, row, strict=True)) for row in sorted(rows)])
    return {row[:2] for row in rows}


def join(connection: sa.Connection, touched: set[tuple[int, int]]) -> list[Found]:
    """Join the incidents of every outage that the touched windows show; those that are new in one."""
    found: list[Found] = []
    for group in _connected(_groups(connection, touched)):
        found += _lead(connection, group)
    return found


_s = outage_sign.c
_NEAR = (
    sa.select(_s.bucket, _s.dag, _s.incident)
    .where(
        _s.sign == sa.bindparam("its_sign"), _s.bucket.in_(sa.bindparam("windows", expanding=True))
    )
    .limit(MOST_ROWS)
)


def _groups(connection: sa.Connection, touched: set[tuple[int, int]]) -> Iterator[set[int]]:
    by_sign: dict[int, set[int]] = defaultdict(set)
    for sign, window in touched:
        by_sign[sign].add(window)
    for sign, windows in sorted(by_sign.items()):
        near = {window + step for window in windows for step in (-1, 0, 1)}
        rows = connection.execute(_NEAR, {"its_sign": sign, "windows": sorted(near)}).all()
        for window in sorted(near):
            within = [row for row in rows if row[0] in (window, window + 1)]
            incidents = {row[2] for row in within}
            if len({row[1] for row in within}) >= DAGS and len(incidents) >= INCIDENTS:
                yield incidents


def _connected(groups: Iterable[set[int]]) -> list[set[int]]:
    """Groups that share an incident are one."""
    merged: list[set[int]] = []
    for group in groups:
        apart = []
        for other in merged:
            if other & group:
                group = group | other
            else:
                apart.append(other)
        merged = [*apart, group]
    return merged


_i = incident.c
_NAMED: Any = sa.bindparam("ids", expanding=True)
_SEEN = sa.select(_i.id, _i.outage, _i.first_seen, _i.regressed, _i.fingerprint)
_OF_IDS = _SEEN.where(_i.id.in_(_NAMED))
_EARLIER = _SEEN.where(
    _i.outage.in_(_NAMED), _i.first_seen <= sa.bindparam("began", type_=_i.first_seen.type)
)
_LED = sa.select(_i.id).where(
    _i.id.in_(_NAMED), sa.exists().where(incident.alias("member").c.outage == _i.id)
)


_JOIN = (
    sa.update(incident)
    .where(sa.or_(_i.id.in_(_NAMED), _i.outage.in_(sa.bindparam("led", expanding=True))))
    .values(outage=sa.bindparam("first", type_=_i.outage.type))
)


def _lead(connection: sa.Connection, group: set[int]) -> list[Found]:
    """Make one outage of a group and of the outages that its incidents are in already. Of the members
    of these only such are looked at as may have begun first: an outage may have thousands."""
    seen = connection.execute(_OF_IDS, {"ids": sorted(group)}).all()
    leaders = {row.outage or row.id for row in seen}
    if leaders - group:
        seen = [*seen, *connection.execute(_OF_IDS, {"ids": sorted(leaders - group)})]
    named = {"ids": sorted(leaders)}
    earlier = connection.execute(_EARLIER, {**named, "began": _began(min(seen, key=_began))[0]})
    first = min([*seen, *earlier], key=_began).id
    apart = {row.id for row in seen if row.id != first and row.outage != first}
    if not apart:
        return []
    led = set(connection.execute(_LED, named).scalars())
    connection.execute(_JOIN, {"first": first, "ids": sorted(apart), "led": sorted(led - {first})})
    connection.execute(_JOIN, {"first": None, "ids": [first], "led": []})
    alone = (row.id for row in seen if row.outage is None and row.id not in led)
    return [Found(id_, first) for id_ in alone if id_ != first]


def _began(row: Any) -> tuple[datetime, str]:
    return row.regressed or row.first_seen, row.fingerprint
