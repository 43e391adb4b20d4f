"""The tables of incidents, beside those of the store.

Made to stay small under a storm: DAGs, tasks and runs are written once and named by a hash of their
ids (`code`), an occurrence is a few numbers, texts are kept for the first one and the newest few.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, String, Text
from sqlalchemy.dialects import sqlite

from dagnosis.incidents.database import clean
from dagnosis.incidents.schema import metadata

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)


class Micros(sa.TypeDecorator[datetime]):
    """A time as microseconds since 1970: 8 bytes, and arithmetic that is the same everywhere."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        """A time without a zone would be guessed: it is refused."""
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        """In UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


def micros(when: datetime) -> int:
    """Microseconds since 1970. Raises `ValueError` for a time without a zone."""
    if when.tzinfo is None:
        raise ValueError(f"{when} has no time zone")
    return (when - EPOCH) // _MICROSECOND


SHORT, LONG = 47, 63
"""Bits of a code: tasks and DAGs are few, runs many. A million runs share a code once in 10^7."""


def code(*parts: str, bits: int = SHORT) -> int:
    """A number for a name, the same everywhere and always: names need not be looked up to be written.

    >>> code("a", "bc") == code("a", "bc"), code("a", "bc") == code("ab", "c")
    (True, False)
    """
    whole = "".join(f"{len(part)}:{part}" for part in map(clean, parts))
    digest = blake2b(whole.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - bits)


_Code = BigInteger().with_variant(sqlite.INTEGER(), "sqlite")


def _of(name: str) -> Column[int]:
    """Of which incident: a row goes with it."""
    return Column(
        "incident",
        Integer,
        sa.ForeignKey("incident.id", ondelete="CASCADE", name=f"{name}_incident"),
        nullable=False,
        primary_key=name in ("incident_dag", "incident_task", "outage_sign"),
    )


known_dag = sa.Table(
    "known_dag",
    metadata,
    Column("id", _Code, primary_key=True, autoincrement=False, doc="code(dag_id)"),
    Column("dag_id", Text, nullable=False),
)

known_task = sa.Table(
    "known_task",
    metadata,
    Column("id", _Code, primary_key=True, autoincrement=False, doc="code(dag_id, task_id)"),
    Column("dag", BigInteger, nullable=False),
    Column("task_id", Text, nullable=False),
    Index("known_task_name", "task_id"),
)

known_run = sa.Table(
    "known_run",
    metadata,
    Column("id", _Code, primary_key=True, autoincrement=False, doc="code(run_id), 63 bits"),
    Column("run_id", Text, nullable=False),
)

wording = sa.Table(
    "wording",
    metadata,
    Column("id", _Code, primary_key=True, autoincrement=False, doc="a hash of the rest, 63 bits"),
    Column("subject", Text, nullable=False),
    Column("cause", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("confidence", sa.Float, nullable=False),
    Column("transience", String(10), nullable=False),
    Column("engine", String(10), nullable=False),
    Column("message", Text, nullable=False),
    Column("quote", Text, nullable=False),
    Column("quote_line", Integer, nullable=False),
    Column("fix", Text, nullable=False, doc="JSON"),
    Column("search", Text, nullable=False, doc="what a search looks at, in lower case"),
    Index("wording_search", "search"),
)

incident = sa.Table(
    "incident",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", SmallInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("cause", String(40), nullable=False, doc="of the best answer"),
    Column("detail", Text, nullable=False),
    Column("wording", BigInteger, nullable=False, doc="of the best answer"),
    Column("confidence", sa.Float, nullable=False),
    Column("state", String(12), nullable=False),
    Column("muted_until", Micros),
    Column("resolved", Micros, doc="when, the last time"),
    Column("regressed", Micros, doc="when it came back, the last time"),
    Column("regressions", Integer, nullable=False),
    Column("assignee", Text, nullable=False),
    Column("first_seen", Micros, nullable=False),
    Column("last_seen", Micros, nullable=False),
    Column("count", Integer, nullable=False),
    Column("tasks", Integer, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("dags", Integer, nullable=False),
    Column("blast", Integer, nullable=False),
    Column("recovered", Integer, nullable=False, doc="tries after which a later one succeeded"),
    Column("hour", Integer, nullable=False, doc="the newest hour with an occurrence, since 1970"),
    Column("hour_count", Integer, nullable=False, doc="occurrences in that hour"),
    Column("spread", Integer, nullable=False, doc="DAGs at the last escalation"),
    Column("escalated", Micros, doc="when, the last time"),
    Column("outage", Integer, doc="the incident that leads the outage"),
    sa.UniqueConstraint("kind", "fingerprint", name="incident_once"),
    Index("incident_last", "last_seen", "id"),
    Index("incident_first", "first_seen", "id"),
    Index("incident_count", "count", "id"),
    Index("incident_dags", "dags", "id"),
    Index("incident_state", "state", "last_seen"),
    Index("incident_cause", "cause", "last_seen"),
    Index("incident_detail", "detail", "last_seen"),
    Index(
        "incident_outage",
        "outage",
        "first_seen",
        sqlite_where=sa.text("outage IS NOT NULL"),
        postgresql_where=sa.text("outage IS NOT NULL"),
    ),
)

incident_dag = sa.Table(
    "incident_dag",
    metadata,
    Column("dag", BigInteger, primary_key=True, autoincrement=False),
    _of("incident_dag"),
    Column("count", Integer, nullable=False),
    Column("tasks", Integer, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("blast", Integer, nullable=False),
    Column("recovered", Integer, nullable=False),
    Column("first_seen", Micros, nullable=False),
    Column("last_seen", Micros, nullable=False),
    Column("cause", String(40), nullable=False, doc="of the best answer within the DAG"),
    Column("detail", Text, nullable=False),
    Column("wording", BigInteger, nullable=False),
    Column("confidence", sa.Float, nullable=False),
    Index("incident_dag_incident", "incident"),
    Index("incident_dag_last", "last_seen", "incident", "dag"),
    Index("incident_dag_first", "first_seen", "incident", "dag"),
    sqlite_with_rowid=False,
)

incident_task = sa.Table(
    "incident_task",
    metadata,
    Column("task", BigInteger, primary_key=True, autoincrement=False),
    _of("incident_task"),
    Column("last_seen", Micros, nullable=False),
    Column("greens", Integer, nullable=False, doc="successes since it last failed"),
    Column("green", Micros, doc="the last success that was counted"),
    Index("incident_task_incident", "incident"),
    sqlite_with_rowid=False,
)

occurrence = sa.Table(
    "occurrence",
    metadata,
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("task", BigInteger, primary_key=True, autoincrement=False),
    Column("map_index", Integer, primary_key=True, autoincrement=False),
    Column("try_number", Integer, primary_key=True, autoincrement=False),
    Column("what", BigInteger, primary_key=True, autoincrement=False, doc="kind and subject"),
    _of("occurrence"),
    Column("occurred", Micros, nullable=False),
    Column("final", SmallInteger, nullable=False),
    Column("found_by", SmallInteger, nullable=False),
    Column("blast", Integer, nullable=False),
    Column("recovered", SmallInteger, nullable=False),
    Column("rest", LargeBinary, doc="all that was stated, MessagePack; null where it is not kept"),
    Index("occurrence_incident", "incident", "occurred"),
    Index(
        "occurrence_kept",
        "incident",
        "occurred",
        sqlite_where=sa.text("rest IS NOT NULL"),
        postgresql_where=sa.text("rest IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

entry = sa.Table(
    "incident_entry",
    metadata,
    Column("id", Integer, primary_key=True),
    _of("incident_entry"),
    Column("occurred", Micros, nullable=False),
    Column("what", String(20), nullable=False),
    Column("text", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("told", SmallInteger, nullable=False, doc="0 for a transition that nobody was told of"),
    Index("incident_entry_incident", "incident", "occurred"),
    Index(
        "incident_entry_untold",
        "id",
        sqlite_where=sa.text("told = 0"),
        postgresql_where=sa.text("told = 0"),
    ),
)

change = sa.Table(
    "incident_change",
    metadata,
    Column("id", Integer, primary_key=True),
    _of("incident_change"),
    Column("dag", BigInteger, nullable=False, doc="of the task that was looked at"),
    Column("body", LargeBinary, nullable=False, doc="MessagePack"),
    Index("incident_change_incident", "incident"),
)

outage_sign = sa.Table(
    "outage_sign",
    metadata,
    Column("sign", BigInteger, primary_key=True, autoincrement=False, doc="code of a shared sign"),
    Column("bucket", Integer, primary_key=True, autoincrement=False, doc="window since 1970"),
    Column("dag", BigInteger, primary_key=True, autoincrement=False),
    _of("outage_sign"),
    Index("outage_sign_incident", "incident"),
    sqlite_with_rowid=False,
)

rolled = sa.Table(
    "rolled_occurrence",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False, doc="since 1970, UTC"),
    Column("dag", BigInteger, primary_key=True, autoincrement=False),
    Column("cause", String(40), primary_key=True),
    Column("count", Integer, nullable=False),
)

place = sa.Table(
    "watch_place",
    metadata,
    Column("source", String(400), primary_key=True, doc="of a watch, or of our own housekeeping"),
    Column("cursor", Text, nullable=False),
)

outbox = sa.Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(80), nullable=False, unique=True, doc="of idempotency"),
    Column("notifier", String(40), nullable=False),
    Column("incident", Integer, nullable=False, doc="0 for a message about messages"),
    Column("body", LargeBinary, nullable=False, doc="the notice, MessagePack"),
    Column("made", Micros, nullable=False),
    Column("due", Micros, nullable=False, doc="not to be tried before"),
    Column("tries", Integer, nullable=False),
    Column("state", String(8), nullable=False, doc="waiting, sent, dead or held"),
    Column("done", Micros, doc="when it was sent or given up"),
    Column("problem", Text, nullable=False, doc="of the last try"),
    Index("outbox_due", "state", "due"),
)
