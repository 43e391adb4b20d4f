"""The tables of the store. Times are UTC."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData()


class Utc(TypeDecorator[datetime]):
    """A time with its zone; kept in UTC, since SQLite keeps no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """A time without a zone would be guessed: it is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """With the zone again."""
        return value if value is None or value.tzinfo else value.replace(tzinfo=timezone.utc)


failure = Table(
    "failure",
    metadata,
    Column("fingerprint", String(16), primary_key=True),
    Column("vector", LargeBinary, doc="of the message, float32; null where it has no word"),
    Column("vector_version", Integer, nullable=False),
    Column("seen", Utc, nullable=False, doc="when a try last failed so"),
    Index("failure_seen", "seen"),
)

diagnosis = Table(
    "diagnosis",
    metadata,
    Column("id", String(16), primary_key=True, doc="over the try, or over the log's content"),
    Column(
        "fingerprint",
        String(16),
        ForeignKey("failure.fingerprint", name="diagnosis_failure"),
        nullable=False,
    ),
    Column("dag_id", Text, nullable=False, doc="empty where the log names no try"),
    Column("run_id", Text, nullable=False),
    Column("task_id", Text, nullable=False),
    Column("map_index", Integer, nullable=False),
    Column("try_number", Integer, nullable=False),
    Column("source", Text, nullable=False, doc="name of the log"),
    Column("cause", String(40), nullable=False, doc="family"),
    Column("detail", Text, nullable=False, doc="family.cause"),
    Column("title", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("transience", String(10), nullable=False),
    Column("engine", String(10), nullable=False),
    Column("message", Text, nullable=False, doc="the failing message, redacted"),
    Column("lines", Text, nullable=False, doc="the log reduced to what matters, redacted"),
    Column("occurred", Utc, nullable=False, doc="when the try failed"),
    Column("diagnosed", Utc, nullable=False),
    Index("diagnosis_fingerprint", "fingerprint", "occurred"),
    Index("diagnosis_dag", "dag_id", "task_id"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "diagnosis_id",
        String(16),
        ForeignKey("diagnosis.id", ondelete="CASCADE", name="feedback_diagnosis"),
        nullable=False,
    ),
    Column("verdict", String(10), nullable=False, doc="confirm or correct"),
    Column("cause", String(40), nullable=False, doc="the family that the user says"),
    Column("detail", Text, nullable=False, doc="the family.cause that the user says"),
    Column("note", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("given", Utc, nullable=False),
    UniqueConstraint("diagnosis_id", "who", name="feedback_once_a_user"),
)
