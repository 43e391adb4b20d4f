"""Incidents: filtered, searched, grouped; and what can be done to several at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar, Literal, TypeAlias, cast, get_args

import msgspec

from dagnosis.incidents.contract import Incident, Kind, Query, State
from dagnosis.model import FAMILIES
from dagnosis.pages import words
from dagnosis.pages.stores import Stores

Order: TypeAlias = Literal["last_seen", "first_seen", "count", "dags"]

STATES: tuple[State, ...] = get_args(State)
KINDS: tuple[Kind, ...] = get_args(Kind)
ORDERS = {
    "last_seen": "last seen",
    "first_seen": "first seen",
    "count": "how often",
    "dags": "most DAGs",
}
GROUPS = {"": "nothing", "cause": "cause", "dag": "DAG", "kind": "kind"}
PERIODS = {"": "any time", "1": "24 hours", "7": "7 days", "30": "30 days"}
USUAL: tuple[State, ...] = ("open", "acknowledged")
"""States that are shown where none is chosen."""
SHOWN, LONGEST = 50, 200


class Group(msgspec.Struct, frozen=True):
    """Incidents under one heading; the heading is empty where nothing is grouped."""

    title: str
    incidents: tuple[Incident, ...]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """The page: what was asked, the incidents, what leads to the next ones."""

    now: datetime
    asked: Asked
    groups: tuple[Group, ...]
    shown: int
    total: int
    next: dict[str, Any]
    states: ClassVar[tuple[State, ...]] = STATES
    kinds: ClassVar[dict[str, str]] = words.KINDS
    families: ClassVar[tuple[str, ...]] = FAMILIES
    orders: ClassVar[dict[str, str]] = ORDERS
    grouping: ClassVar[dict[str, str]] = GROUPS
    periods: ClassVar[dict[str, str]] = PERIODS


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The filter as the form has it."""

    text: str = ""
    state: tuple[State, ...] = USUAL
    kind: str = ""
    cause: str = ""
    dag_id: str = ""
    days: str = ""
    order: Order = "last_seen"
    group: str = ""
    cursor: str = ""

    @property
    def narrowed(self) -> bool:
        """Does it leave anything out but what is over?"""
        return bool(self.text or self.kind or self.cause or self.dag_id or self.days)


def asked(values: Mapping[str, Sequence[str]]) -> Asked:
    """The filter of a query string; what is not among the choices is as if not given."""

    def one(key: str, choices: Any = None, usual: str = "") -> str:
        value = values.get(key, [""])[-1].strip()[:LONGEST]
        return value if choices is None or value in choices else usual

    states = tuple(state for state in STATES if state in values.get("state", ()))
    return Asked(
        text=one("text"),
        state=states or (STATES if "any" in values.get("state", ()) else USUAL),
        kind=one("kind", KINDS),
        cause=one("cause", FAMILIES),
        dag_id=one("dag_id"),
        days=one("days", PERIODS),
        order=cast(Order, one("order", ORDERS, "last_seen")),
        group=one("group", GROUPS),
        cursor=values.get("cursor", [""])[-1][:LONGEST],
    )


def listed(
    stores: Stores,
    chosen: Asked,
    *,
    readable: frozenset[str] | None = None,
    now: datetime | None = None,
) -> Listed:
    """The incidents that a filter leaves. Raises `WrongUse` for a cursor that is none."""
    now = now or datetime.now(timezone.utc)
    page = stores.incidents.find(
        Query(
            states=chosen.state,
            kinds=(cast(Kind, chosen.kind),) if chosen.kind else (),
            causes=(chosen.cause,) if chosen.cause else (),
            dag_id=chosen.dag_id,
            text=chosen.text,
            since=now - timedelta(days=int(chosen.days)) if chosen.days else None,
            readable=readable,
            order=chosen.order,
            cursor=chosen.cursor,
            limit=SHOWN,
        )
    )
    following = {key: value for key, value in msgspec.structs.asdict(chosen).items() if value}
    return Listed(
        now=now,
        asked=chosen,
        groups=_grouped(page.incidents, chosen.group),
        shown=len(page.incidents),
        total=page.total,
        next={**following, "cursor": page.next_cursor} if page.next_cursor else {},
    )


def _grouped(incidents: Sequence[Incident], by: str) -> tuple[Group, ...]:
    if not by:
        return (Group("", tuple(incidents)),) if incidents else ()
    groups: dict[str, list[Incident]] = {}
    for incident in incidents:
        groups.setdefault(_heading(incident, by), []).append(incident)
    ranked = sorted(groups.items(), key=lambda item: -len(item[1]))
    return tuple(Group(title, tuple(found)) for title, found in ranked)


def _heading(incident: Incident, by: str) -> str:
    if by == "cause":
        return words.family(incident.cause)
    if by == "kind":
        return words.KINDS[incident.kind]
    return incident.last_failed.dag_id if incident.last_failed else "no DAG"
