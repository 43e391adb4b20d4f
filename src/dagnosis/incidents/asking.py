"""Asking: which incidents a `Query` means, as SQL that both databases answer from their indexes.

Who may read some DAGs only is answered from `incident_dag` alone, over these DAGs. What is stated
here is exact; how it is stated is measured (`benchmarks/incidents.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from dagnosis.incidents.contract import Query
from dagnosis.incidents.database import clean
from dagnosis.incidents.recording import KINDS
from dagnosis.incidents.tables import (
    LONG,
    code,
    incident,
    incident_dag,
    incident_task,
    known_dag,
    known_task,
    micros,
    occurrence,
    wording,
)

SAMPLE, COMMON = 400, 0.25
"""Of so many answers, this share must hold a text for it to be common."""
Ids = Any
"""A column of the ids of incidents."""


def codes(readable: Iterable[str]) -> Any:
    """DAGs as a list of values that SQL takes whatever its length."""
    found = sorted(code(dag_id) for dag_id in readable)
    return sa.bindparam("readable", found, expanding=True, literal_execute=True)


def among(readable: Iterable[str]) -> Any:
    """A row of `incident_dag` is of these DAGs; said so that SQLite does not search by the DAG, where
    it comes by the incident: it would try each of the list instead of looking at the few rows."""
    return (incident_dag.c.dag + 0).in_(codes(readable))


class Question:
    """A query put to a database."""

    def __init__(self, connection: sa.Connection, query: Query, now: datetime) -> None:
        self.query = query
        self._now = now
        self._sqlite = connection.dialect.name == "sqlite"
        self._handled = bool(query.states) and set(query.states) <= {"acknowledged", "muted"}
        self._rowwise = not (query.states or query.kinds or query.since or query.until)
        """Each row of `incident_dag` tells by itself whether its incident is asked for."""
        self._common = bool(query.text) and self._is_common(connection)
        rare = bool(query.text) and not self._common
        self._few = self._handled or rare or bool(query.dag_id or query.task_id or query.run_id)
        """Few incidents are asked for: to find these first is quicker than to look at all in order."""

    def page(self, after: tuple[int, int] | None, limit: int) -> sa.Select[Any]:
        """The `id` of each incident with the `value` that it is ordered by, from a place on."""
        asked = self._asked(valued=True)
        id_, value = asked.selected_columns.id, asked.selected_columns.value
        if after is not None:
            asked = asked.where(sa.tuple_(value, id_) < sa.tuple_(*map(sa.literal, after)))
        asked = asked.order_by(value.desc(), id_.desc())
        if self._common:  # put in order first: no more texts are read than a page takes
            ranked = asked.offset(0).subquery("ranked")
            asked = sa.select(*ranked.c).where(self._says(ranked.c.id))
        return asked.limit(limit)

    def total(self, most: int) -> sa.Select[Any]:
        """How many they are; not more than `most` are looked for."""
        asked = self._asked(valued=False)
        if self._common and (self.query.readable is None or not self._rowwise):
            asked = asked.where(self._says(asked.selected_columns.id))
        return sa.select(sa.func.count()).select_from(asked.limit(most).subquery())

    # ------------------------------------------------------------ incidents

    def _asked(self, valued: bool) -> sa.Select[Any]:
        """All but the order, and but a text that is common."""
        return self._of_all(valued) if self.query.readable is None else self._of_some(valued)

    def _of_all(self, valued: bool) -> sa.Select[Any]:
        query, i = self.query, incident.c
        value = [_number(i[query.order]).label("value")] if valued else []
        asked = sa.select(i.id, *value).where(*self._named(i.id), *self._standing())
        if query.causes:
            asked = asked.where(_caused(i, query.causes))
        if query.since is not None:
            asked = asked.where(i.last_seen >= query.since)
        if query.until is not None:
            asked = asked.where(i.first_seen < query.until)
        return asked if query.members else asked.where(i.outage.is_(None))

    def _of_some(self, valued: bool) -> sa.Select[Any]:
        query, i = self.query, incident.c
        last_of_old = query.order == "last_seen" and query.until is not None
        by_time = valued and query.order in ("last_seen", "first_seen") and not last_of_old
        by_time = by_time and not self._few
        seen = (self._by_time() if by_time else self._seen(valued)).subquery("seen")
        asked = sa.select(*seen.c)
        standing = list(self._standing(but_states=self._handled))
        if standing:
            asked = asked.join(incident, i.id == seen.c.id).where(*standing)
        if query.causes:
            asked = asked.where(seen.c.id.in_(self._within(_caused(incident_dag.c, query.causes))))
        return asked if query.members else asked.where(seen.c.id.not_in(self._members()))

    def _seen(self, valued: bool) -> sa.Select[Any]:
        """What happened in the readable DAGs, an incident a row."""
        query, d = self.query, incident_dag.c
        numbers = {
            "count": sa.func.sum(d.count),
            "dags": sa.func.count(),
            "first_seen": sa.func.min(_number(d.first_seen)),
            "last_seen": sa.func.max(_number(d.last_seen)),
        }
        assert query.readable is not None
        named = list(self._named(d.incident))
        if self._handled:
            handled = sa.select(incident.c.id).where(self._in_states())
            named.append(d.incident.in_(handled))
        readable = among(query.readable) if named else d.dag.in_(codes(query.readable))
        value = [numbers[query.order].label("value")] if valued else []
        seen = sa.select(d.incident.label("id"), *value).where(readable, *named)
        during = []
        if query.since is not None:
            during.append(numbers["last_seen"] >= micros(query.since))
        if query.until is not None:
            during.append(numbers["first_seen"] < micros(query.until))
        if not valued and self._rowwise:  # which need not see all rows, as a group must
            if self._common:
                seen = seen.where(sa.or_(self._holding_of(d.wording), self._of_named_dag()))
            return seen.distinct()
        return seen.group_by(d.incident).having(*during)

    def _by_time(self) -> sa.Select[Any]:
        """As `_seen`: of each incident the newest row (or the oldest), which come in order from an
        index, so that no more rows are read than a page takes."""
        query, d, o = self.query, incident_dag.c, incident_dag.alias("other").c
        assert query.readable is not None
        others = sa.and_(o.incident == d.incident, (o.dag + 0).in_(codes(query.readable)))
        newest = query.order == "last_seen"
        mine, its = (sa.tuple_(columns[query.order], columns.dag) for columns in (d, o))
        seen = sa.select(d.incident.label("id"), _number(d[query.order]).label("value")).where(
            among(query.readable), ~sa.exists().where(others, its > mine if newest else its < mine)
        )
        if query.since is not None:
            late = o.last_seen >= query.since
            seen = seen.where(
                d.last_seen >= query.since if newest else sa.exists().where(others, late)
            )
        return seen if query.until is None else seen.where(d.first_seen < query.until)

    def _within(self, *conditions: Any) -> sa.Select[Any]:
        """The incidents of which a row of `incident_dag` that may be read is so."""
        asked = sa.select(incident_dag.c.incident).where(*conditions)
        if self.query.readable is None:
            return asked
        return asked.where(incident_dag.c.dag.in_(codes(self.query.readable)))

    def _members(self) -> sa.Select[Any]:
        """Members stand with their outage, where that may be read."""
        of_member, d = incident.alias("of_member").c, incident_dag.c
        assert self.query.readable is not None
        leads = sa.exists().where(d.incident == of_member.outage, among(self.query.readable))
        return sa.select(of_member.id).where(of_member.outage.is_not(None), leads)

    # ------------------------------------------------------------ conditions

    def _standing(self, but_states: bool = False) -> Iterable[Any]:
        if self.query.states and not but_states:
            yield self._in_states()
        if self.query.kinds:
            yield incident.c.kind.in_([KINDS.index(kind) for kind in self.query.kinds])

    def _in_states(self) -> Any:
        i, states = incident.c, self.query.states
        state: Any = i.state
        if (
            self._sqlite and "open" in states
        ):  # most are: better come by the order than by the state
            state = state.concat("")
        ended = sa.and_(state == "muted", i.muted_until.is_not(None), i.muted_until <= self._now)
        named = [name for name in states if name != "muted"]
        wanted: list[Any] = [state.in_(named)] if named else []
        if "muted" in states:
            wanted.append(sa.and_(state == "muted", sa.not_(ended)))
        if "open" in states:
            wanted.append(ended)
        return sa.or_(*wanted)

    def _named(self, ids: Ids) -> Iterable[Any]:
        """Conditions that few incidents fulfil."""
        query = self.query
        if query.dag_id:
            yield ids.in_(self._within(incident_dag.c.dag == code(query.dag_id)))
        if query.task_id:
            yield ids.in_(self._with_task())
        if query.run_id:
            yield ids.in_(self._with_run())
        if query.text and not self._common:
            yield self._says_one_of(ids)

    def _with_task(self) -> sa.Select[Any]:
        query, t, k = self.query, incident_task.c, known_task.c
        if query.dag_id:
            reads = query.readable is None or query.dag_id in query.readable
            task = t.task == code(query.dag_id, query.task_id)
            return sa.select(t.incident).where(task if reads else sa.false())
        named = sa.select(k.id).where(k.task_id == clean(query.task_id))
        if query.readable is not None:
            named = named.where((k.dag + 0).in_(codes(query.readable)))
        return sa.select(t.incident).where(t.task.in_(named))

    def _with_run(self) -> sa.Select[Any]:
        query, o, k = self.query, occurrence.c, known_task.c
        asked = sa.select(o.incident).where(o.run == code(query.run_id, bits=LONG))
        if query.dag_id or query.readable is not None:
            asked = asked.join(known_task, k.id == o.task)
        if query.dag_id:
            asked = asked.where(k.dag == code(query.dag_id))
        if query.readable is not None:
            asked = asked.where((k.dag + 0).in_(codes(query.readable)))
        return asked

    # ------------------------------------------------------------ texts

    def _is_common(self, connection: sa.Connection) -> bool:
        """Do many answers hold the text? Their ids are hashes, so that the first ones are a sample."""
        w = wording.c
        sample = sa.select(w.search).order_by(w.id).limit(SAMPLE).subquery()
        held = sa.func.sum(sa.case((self._holds(sample.c.search), 1), else_=0))
        found, of = connection.execute(sa.select(held, sa.func.count())).one()
        return bool(of and found >= COMMON * of)

    def _holds(self, column: Any) -> Any:
        find: Callable[..., Any] = sa.func.instr if self._sqlite else sa.func.strpos
        return find(column, clean(self.query.text).lower()) > 0

    def _of_named_dag(self) -> Any:
        """A row of `incident_dag` is of a DAG in whose name the text stands."""
        k = known_dag.c
        return incident_dag.c.dag.in_(sa.select(k.id).where(self._holds(sa.func.lower(k.dag_id))))

    def _says_one_of(self, ids: Ids) -> Any:
        """For a text that is rare: all answers with it are found first."""
        holding = sa.select(wording.c.id).where(self._holds(wording.c.search))
        if self.query.readable is None:  # each by itself: an OR would try every incident in order
            i = incident.alias("said").c
            in_words: Any = sa.select(i.id).where(i.wording.in_(holding))
            return ids.in_(in_words.union(self._within(self._of_named_dag())))
        in_words = incident_dag.c.wording.in_(holding)
        return ids.in_(self._within(sa.or_(in_words, self._of_named_dag())))

    def _says(self, ids: Ids) -> Any:
        """For a text that is common: the answers of each incident are looked at."""
        if self.query.readable is None:
            i = incident.alias("said").c
            said = sa.exists().where(i.id == ids, self._holding_of(i.wording))
        else:
            d = incident_dag.alias("said").c
            readable = (d.dag + 0).in_(codes(self.query.readable))
            said = sa.exists().where(d.incident == ids, readable, self._holding_of(d.wording))
        return sa.or_(said, ids.in_(self._within(self._of_named_dag())))

    def _holding_of(self, wording_id: Any) -> Any:
        return sa.exists().where(wording.c.id == wording_id, self._holds(wording.c.search))


def _number(column: Any) -> Any:
    return sa.type_coerce(column, sa.BigInteger)


def _caused(columns: Any, causes: Sequence[str]) -> Any:
    families = [cause for cause in causes if "." not in cause]
    details = [cause for cause in causes if "." in cause]
    either = [columns.cause.in_(families)] if families else []
    return sa.or_(*either, *([columns.detail.in_(details)] if details else []))
