"""The store: remembers diagnoses, takes labels, gives them back for retraining.

SQLite (WAL, so that readers and a writer do not wait for each other) or PostgreSQL. Opening creates
what is missing and upgrades what is old; a file that is damaged is never written to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timezone
from typing import Any, Literal, TypeAlias

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dagnosis.errors import ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.incidents import schema
from dagnosis.incidents.place import Place, place
from dagnosis.incidents.upgrade import is_current, upgrade
from dagnosis.logs.labels import Label, agreed
from dagnosis.model import Engine, Transience

Said: TypeAlias = Literal["confirm", "correct"]

PATIENCE = 20
"""Seconds that a writer waits for another one, or for a server to answer."""


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


class Store:
    """An open store; close it, or use it as a context. Its methods are each one transaction.

    All of them raise `UnreadableInput` for a damaged file, `WrongUse` for one that cannot be
    written, and `ServiceUnreachable` for a server that does not answer.
    """

    def __init__(self, where: Place, patience: int = PATIENCE) -> None:
        self.place = where
        self._engine = _engine(where, patience)
        try:
            with self._reading() as connection:
                current = is_current(connection)
            if not current:
                with self._writing() as connection:
                    upgrade(connection, where.name)
        except BaseException:
            self._engine.dispose()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def remember(self, diagnosis: Remembered) -> None:
        """Keep a diagnosis; a later one of the same try takes its place, and keeps its feedback."""
        values = msgspec.structs.asdict(diagnosis)
        vector = {name: values.pop(name) for name in ("vector", "vector_version")}
        d, f = schema.diagnosis.c, schema.failure.c
        with self._writing() as connection:
            named = connection.scalar(sa.select(d.fingerprint).where(d.id == diagnosis.id))
            seen = connection.scalar(
                sa.select(f.seen).where(f.fingerprint == diagnosis.fingerprint)
            )
            failure = {
                "fingerprint": diagnosis.fingerprint,
                "seen": max(seen or diagnosis.occurred, diagnosis.occurred),
                **vector,
            }
            connection.execute(self._upsert(schema.failure, failure, ("fingerprint",)))
            connection.execute(self._upsert(schema.diagnosis, values, ("id",)))
            if named not in (None, diagnosis.fingerprint):
                self._forget_failures(connection)

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
            connection.execute(self._upsert(schema.feedback, values, ("diagnosis_id", "who")))

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
            self._forget_failures(connection)
        return int(found.rowcount)

    def _forget_failures(self, connection: sa.Connection) -> None:
        """Of those that no diagnosis is left of, or that a better diagnosis named anew."""
        left = sa.exists().where(schema.diagnosis.c.fingerprint == schema.failure.c.fingerprint)
        connection.execute(sa.delete(schema.failure).where(~left))

    def rows(self, query: str, values: dict[str, object]) -> Sequence[Sequence[Any]]:
        """The rows of a reading query in SQL, its values named as in `:name`."""
        with self._reading() as connection:
            return connection.execute(sa.text(query), values).all()

    def count(self) -> int:
        """How many diagnoses are remembered."""
        with self._reading() as connection:
            return int(
                connection.execute(sa.select(sa.func.count(schema.diagnosis.c.id))).scalar_one()
            )

    def _upsert(self, table: sa.Table, values: dict[str, Any], key: Sequence[str]) -> sa.Insert:
        insert: Any = (
            postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        )
        values = {name: _clean(value) for name, value in values.items()}
        new = {name: value for name, value in values.items() if name not in key}
        statement: sa.Insert = (
            insert(table).values(**values).on_conflict_do_update(index_elements=list(key), set_=new)
        )
        return statement

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        return self._transaction("")

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        return self._transaction("IMMEDIATE")

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect().execution_options(kind=kind) as connection:
                yield connection
                connection.commit()
        except sa.exc.DBAPIError as error:
            raise _in_words(error, self.place) from None


def open_store(setting: str) -> Store:
    """Open the store that the setting `store` names; a SQLite file is created where it is missing."""
    where = place(setting)
    if where.file is not None:
        _create(where)
    return Store(where)


def _create(where: Place) -> None:
    """An empty file that only its owner reads, since it will hold parts of logs."""
    assert where.file is not None
    try:
        where.file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(where.file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WrongUse(
            f"{where.name}: cannot be written ({reason}); set store (DAGNOSIS_STORE) to a file that can"
        ) from None


def _engine(where: Place, patience: int) -> sa.Engine:
    if where.file is None:
        try:
            return sa.create_engine(where.url, connect_args={"connect_timeout": patience})
        except ModuleNotFoundError as error:
            raise WrongUse(
                f"{where.name}: needs {error.name}; run pip install 'dagnosis[postgres]'"
            ) from None
        except sa.exc.ArgumentError:
            raise WrongUse(
                "store: the URL cannot be read; postgresql://user@host/database"
            ) from None
    url = sa.URL.create("sqlite", database=str(where.file))
    engine = sa.create_engine(url, connect_args={"timeout": patience})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        # transactions begin where we say so, which makes DDL part of them
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(
            f"BEGIN {connection.get_execution_options().get('kind', 'IMMEDIATE')}"
        )

    return engine


def _clean(value: Any) -> Any:
    """Text as every database takes it: PostgreSQL keeps no NUL, UTF-8 no lone surrogates."""
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _in_words(error: sa.exc.DBAPIError, where: Place) -> Exception:
    said = " ".join(str(error.orig).split()) or "no answer"
    if where.file is None:
        if isinstance(error, sa.exc.OperationalError):
            return ServiceUnreachable(
                f"{where.name}: not reachable ({said}); check the server and DAGNOSIS_STORE, then try again"
            )
        return UnreadableInput(f"{where.name}: refused ({said})")
    if "readonly" in said or "unable to open" in said or "read-only" in said:
        return WrongUse(f"{where.name}: cannot be written ({said}); set store to a file that can")
    if "locked" in said:
        return ServiceUnreachable(f"{where.name}: is in use by somebody else ({said}); try again")
    if "full" in said:
        return WrongUse(f"{where.name}: {said}; make room, nothing was lost")
    return UnreadableInput(
        f"{where.name}: is damaged or no SQLite file ({said}); nothing was changed: restore a copy, or "
        "move it away and a new one is made"
    )
