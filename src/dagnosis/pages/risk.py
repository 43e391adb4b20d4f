"""Runs and risk: what is likely to fail next, and why."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import msgspec

from dagnosis.pages.stores import Stores
from dagnosis.services.outlook import Ahead, Outlook, kept

STALE = timedelta(hours=6)


class Risks(msgspec.Struct, frozen=True, kw_only=True):
    """The page; `outlook` is None where no history of runs was ever scored."""

    now: datetime
    outlook: Outlook | None
    open: tuple[Ahead, ...] = ()
    next: tuple[Ahead, ...] = ()
    stale: bool = False


def risks(stores: Stores, *, readable: frozenset[str] | None = None) -> Outlook | None:
    """The risks that were reckoned last, of the DAGs that may be read."""
    found = kept(stores.incidents)
    if found is None or readable is None:
        return found
    mine = tuple(one for one in found.risks if one.dag_id in readable)
    return msgspec.structs.replace(found, risks=mine)


def page(
    stores: Stores, *, readable: frozenset[str] | None = None, now: datetime | None = None
) -> Risks:
    """The page, running tries apart from those that come next."""
    now = now or datetime.now(timezone.utc)
    found = risks(stores, readable=readable)
    if found is None:
        return Risks(now=now, outlook=None)
    return Risks(
        now=now,
        outlook=found,
        open=tuple(one for one in found.risks if one.kind == "open"),
        next=tuple(one for one in found.risks if one.kind == "next"),
        stale=now - found.made > STALE,
    )


def of_dag(stores: Stores, dag_id: str) -> tuple[Ahead, ...]:
    """The risks of one DAG, the highest first."""
    found = kept(stores.incidents)
    return tuple(one for one in found.risks if one.dag_id == dag_id) if found else ()
