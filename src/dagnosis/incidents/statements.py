"""What recording asks and writes, as SQL; the parameters are named beside each statement.

Each is built once: to build one takes several times as long as to run it, and one occurrence needs a
dozen of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from dagnosis.incidents import schema
from dagnosis.incidents.database import inserting
from dagnosis.incidents.tables import (
    incident,
    incident_dag,
    incident_task,
    known_task,
    occurrence,
)

KEY = tuple(column.name for column in occurrence.primary_key)
"""Columns that make an occurrence the same one, in the order of `recording.Key`."""
_o, _i, _d, _t, _k = occurrence.c, incident.c, incident_dag.c, incident_task.c, known_task.c


def given(rows: Iterable[tuple[int, ...]]) -> dict[str, str]:
    """Rows of numbers, as the parameter of a statement that joins with them: one JSON value, so that
    the statement is the same for any number of them."""
    return {"rows": msgspec.json.encode(list(rows)).decode()}


def _given(dialect: str, *columns: str) -> sa.CTE:
    rows = sa.bindparam("rows", type_=sa.Text)
    cells: list[Any]
    if dialect == "postgresql":
        value = sa.func.jsonb_array_elements(sa.cast(rows, postgresql.JSONB)).column_valued("row")
        cells = [sa.cast(value.op("->>")(place), sa.BigInteger) for place in range(len(columns))]
    else:
        row = sa.func.json_each(rows).table_valued("value")
        cells = [
            sa.type_coerce(sa.func.json_extract(row.c.value, f"$[{place}]"), sa.BigInteger)
            for place in range(len(columns))
        ]
    return sa.select(*map(sa.Label, columns, cells)).cte("asked")


def same(names: Iterable[str] = KEY) -> Iterable[Any]:
    """An occurrence has the key whose parts are the parameters `its_run`, `its_task` and so on."""
    return [_o[name] == sa.bindparam(f"its_{name}") for name in names]


# ---------------------------------------------------------------- what is there


@cache
def known(dialect: str) -> sa.Select[Any]:
    """The keys that are there, each with its incident, of the `rows` of keys."""
    asked = _given(dialect, *KEY)
    equal = sa.and_(*(_o[name] == asked.c[name] for name in KEY))
    query = sa.select(*(_o[name] for name in KEY), _o.incident)
    return query.select_from(asked.join(occurrence, equal))


OPENED = sa.select(incident).where(
    _i.kind == sa.bindparam("its_kind"),
    _i.fingerprint.in_(sa.bindparam("fingerprints", expanding=True)),
)


@cache
def scopes(dialect: str) -> sa.Select[Any]:
    """What incidents did within DAGs, of the `rows` of DAGs with incidents."""
    asked = _given(dialect, "dag", "incident")
    equal = sa.and_(_d.dag == asked.c.dag, _d.incident == asked.c.incident)
    return sa.select(incident_dag).select_from(asked.join(incident_dag, equal))


@cache
def tasks(dialect: str) -> sa.Select[Any]:
    """Those that are there of the `rows` of tasks with incidents."""
    asked = _given(dialect, "task", "incident")
    equal = sa.and_(_t.task == asked.c.task, _t.incident == asked.c.incident)
    return sa.select(_t.task, _t.incident).select_from(asked.join(incident_task, equal))


@cache
def runs(dialect: str) -> sa.Select[Any]:
    """Those that are there of the `rows` of runs with DAGs and incidents."""
    asked = _given(dialect, "run", "dag", "incident")
    a = asked.c
    there = (
        sa.exists()
        .where(_o.run == a.run, _o.incident == a.incident, _k.id == _o.task, _k.dag == a.dag)
        .correlate(asked)
    )
    return sa.select(a.run, a.dag, a.incident).where(there)


KEPT = sa.select(_o.incident, _o.occurred, *(_o[name] for name in KEY)).where(
    _o.incident.in_(sa.bindparam("incidents", expanding=True)), _o.rest.is_not(None)
)
REST = sa.select(_o.rest).where(*same())
FORGET = sa.delete(schema.diagnosis).where(
    schema.diagnosis.c.id.in_(sa.bindparam("ids", expanding=True)),
    ~sa.exists().where(schema.feedback.c.diagnosis_id == schema.diagnosis.c.id),
)
"""Diagnoses of which no user said anything."""
IS_KEPT = sa.select(_o.run).where(*same(), _o.rest.is_not(None))


# ---------------------------------------------------------------- what is written


MAKE = sa.insert(incident).returning(_i.id, sort_by_parameter_order=True)
CHANGE = sa.update(incident).where(_i.id == sa.bindparam("its"))
OCCUR = sa.insert(occurrence)
EMPTY = sa.update(occurrence).where(*same()).values(rest=None)


@cache
def insert_new(dialect: str, table: sa.Table) -> Any:
    """Insert what has no row of its key."""
    return inserting(dialect, table).on_conflict_do_nothing()


@cache
def keep_scopes(dialect: str) -> Any:
    """Keep what incidents did within DAGs, in place of what was kept."""
    insert = inserting(dialect, incident_dag)
    key = ("dag", "incident")
    new = {column.name: insert.excluded[column.name] for column in _d if column.name not in key}
    return insert.on_conflict_do_update(index_elements=key, set_=new)


@cache
def keep_tasks(dialect: str) -> Any:
    """Keep when tasks failed last; a later failure begins the count of successes anew."""
    insert = inserting(dialect, incident_task)
    later = insert.excluded.last_seen > _t.last_seen
    return insert.on_conflict_do_update(
        index_elements=["task", "incident"],
        set_={
            "last_seen": sa.case((later, insert.excluded.last_seen), else_=_t.last_seen),
            "greens": sa.case((later, 0), else_=_t.greens),
        },
    )
