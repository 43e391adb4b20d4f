"""The store: remembers diagnoses, takes labels, gives them back for retraining."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Literal, TypeAlias

import msgspec
import sqlalchemy as sa

from dagnosis.errors import WrongUse
from dagnosis.incidents import schema
from dagnosis.incidents.database import Database, ready, upsert
from dagnosis.logs.labels import Label, agreed
from dagnosis.model import Engine, Transience

Said: TypeAlias = Literal["confirm", "correct"]


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """A diagnosis as it is kept: everything in it is redacted. Times have a time zone."""

    id: str
    fingerprint: str
    cause: str
    detail: str
    title: str
    confidence: float
    transience: Transience
    engine: Engine
    message: str
    lines: str
    source: str
    occurred: datetime
    diagnosed: datetime
    vector: bytes | None = None
    vector_version: int = 0
    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1
    try_number: int = 0


class Feedback(msgspec.Struct, frozen=True, kw_only=True):
    """What a user said of a diagnosis; `answered` is what dagnosis had said."""

    diagnosis_id: str
    fingerprint: str
    verdict: Said
    cause: str
    detail: str
    answered: str
    who: str
    given: datetime
    note: str = ""
    dag_id: str = ""
    task_id: str = ""
    source: str = ""


class Store(Database):
    """The diagnoses and what users said of them, in an open `Database`."""

    def remember(self, diagnosis: Remembered) -> None:
        """Keep a diagnosis; a later one of the same try takes its place, and keeps its feedback."""
        with self._writing() as connection:
            keep(connection, diagnosis)

    def remembered(self, diagnosis_id: str) -> Remembered | None:
        """One diagnosis as it was kept; None where none of that id is."""
        d, f = schema.diagnosis, schema.failure
        query = (
            sa.select(d, f.c.vector, f.c.vector_version)
            .join(f, d.c.fingerprint == f.c.fingerprint)
            .where(d.c.id == diagnosis_id)
        )
        with self._reading() as connection:
            row = connection.execute(query).mappings().first()
        return Remembered(**row) if row else None

    def label(
        self,
        diagnosis_id: str,
        verdict: Said,
        detail: str,
        *,
        who: str,
        note: str = "",
        given: datetime | None = None,
    ) -> None:
        """Keep what a user says of a remembered diagnosis; the last word of a user counts.

        Raises `WrongUse` when no such diagnosis is remembered.
        """
        values = {
            "diagnosis_id": diagnosis_id,
            "verdict": verdict,
            "cause": detail.partition(".")[0],
            "detail": detail,
            "note": note,
            "who": who,
            "given": given or datetime.now(timezone.utc),
        }
        known = sa.select(schema.diagnosis.c.id).where(schema.diagnosis.c.id == diagnosis_id)
        with self._writing() as connection:
            if connection.execute(known).first() is None:
                raise WrongUse(f"{diagnosis_id}: no such diagnosis is remembered")
            upsert(connection, schema.feedback, values, ("diagnosis_id", "who"))

    def feedback(self, fingerprint: str = "") -> list[Feedback]:
        """What users said, the newest first; of one fingerprint where it is given."""
        d, f = schema.diagnosis.c, schema.feedback.c
        query = (
            sa.select(
                f.diagnosis_id, f.verdict, f.cause, f.detail, f.who, f.given, f.note,
                d.fingerprint, d.detail.label("answered"), d.dag_id, d.task_id, d.source,
            )
            .join(schema.diagnosis, d.id == f.diagnosis_id)
            .order_by(f.given.desc(), f.id.desc())
        )  # fmt: skip
        if fingerprint:
            query = query.where(d.fingerprint == fingerprint)
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [Feedback(**row) for row in rows]

    def verdicts(self) -> dict[Said, int]:
        """How many answers users confirmed and corrected."""
        verdict = schema.feedback.c.verdict
        with self._reading() as connection:
            rows = connection.execute(sa.select(verdict, sa.func.count()).group_by(verdict)).all()
        return dict(rows)

    def labels(self) -> list[Label]:
        """One label a diagnosis that users agree on, in order of time.

        Where users contradict each other, a clear majority counts; without one there is no label.
        """
        d, f = schema.diagnosis.c, schema.feedback.c
        query = (
            sa.select(
                d.id, d.fingerprint, d.dag_id, d.message, d.lines, d.detail.label("answered"),
                d.occurred, f.detail,
            )
            .join(schema.feedback, d.id == f.diagnosis_id)
            .order_by(d.occurred, d.id, f.id)
        )  # fmt: skip
        with self._reading() as connection:
            rows = connection.execute(query).mappings().all()
        given: dict[str, list[Any]] = {}
        for row in rows:
            given.setdefault(row["id"], []).append(row)
        labels = []
        for said in given.values():
            detail = agreed([row["detail"] for row in said])
            if detail:
                labels.append(Label(**{**said[0], "detail": detail}))
        return labels

    def forget(
        self,
        *,
        diagnosis: str = "",
        fingerprint: str = "",
        dag_id: str = "",
        all_of_it: bool = False,
    ) -> int:
        """Delete diagnoses, all that is kept of their logs, and their feedback; how many they were.

        Deletes nothing where nothing is named.
        """
        d = schema.diagnosis.c
        named = [
            column == value
            for column, value in (
                (d.id, diagnosis),
                (d.fingerprint, fingerprint),
                (d.dag_id, dag_id),
            )
            if value
        ]
        if not named and not all_of_it:
            return 0
        with self._writing() as connection:
            found = connection.execute(sa.delete(schema.diagnosis).where(*named))
            _forget_failures(connection)
        return int(found.rowcount)

    def count(self) -> int:
        """How many diagnoses are remembered."""
        with self._reading() as connection:
            return int(
                connection.execute(sa.select(sa.func.count(schema.diagnosis.c.id))).scalar_one()
            )


_d, _f = schema.diagnosis.c, schema.failure.c
_NAMED = sa.select(_d.fingerprint).where(_d.id == sa.bindparam("its_id"))
_SEEN = sa.select(_f.seen).where(_f.fingerprint == sa.bindparam("its_fingerprint"))


def keep(connection: sa.Connection, diagnosis: Remembered) -> None:
    """As `Store.remember`, inside the caller's transaction."""
    values = msgspec.structs.asdict(diagnosis)
    vector = {name: values.pop(name) for name in ("vector", "vector_version")}
    its = {"its_id": diagnosis.id, "its_fingerprint": diagnosis.fingerprint}
    named, seen = connection.scalar(_NAMED, its), connection.scalar(_SEEN, its)
    failure = {
        "fingerprint": diagnosis.fingerprint,
        "seen": max(seen or diagnosis.occurred, diagnosis.occurred),
        **vector,
    }
    upsert(connection, schema.failure, failure, ("fingerprint",))
    upsert(connection, schema.diagnosis, values, ("id",))
    if named not in (None, diagnosis.fingerprint):
        _forget_failures(connection)


def _forget_failures(connection: sa.Connection) -> None:
    """Of those that no diagnosis is left of, or that a better diagnosis named anew."""
    left = sa.exists().where(schema.diagnosis.c.fingerprint == schema.failure.c.fingerprint)
    connection.execute(sa.delete(schema.failure).where(~left))


def open_store(setting: str) -> Store:
    """Open the store that the setting `store` names; a SQLite file is created where it is missing."""
    return Store(ready(setting))
