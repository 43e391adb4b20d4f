"""An open database of dagnosis: SQLite (WAL, so that readers and a writer do not wait for each other)
or PostgreSQL. Opening creates what is missing and upgrades what is old; a file that is damaged is
never written to.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from threading import Lock
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from dagnosis.errors import InternalError, ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.incidents.place import Place, place
from dagnosis.incidents.upgrade import is_current, upgrade

PATIENCE = 20
"""Seconds that a writer waits for another one, or for a server to answer."""


class Database:
    """An open database; close it, or use it as a context. Its methods are each one transaction.

    All of them raise `UnreadableInput` for a damaged file, `WrongUse` for one that cannot be
    written, `ServiceUnreachable` for a server that does not answer, and `InternalError` for a
    statement that the database refuses.
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

    def __enter__(self: D) -> D:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    def rows(self, query: str, values: dict[str, object]) -> Sequence[Sequence[Any]]:
        """The rows of a reading query in SQL, its values named as in `:name`."""
        with self._reading() as connection:
            return connection.execute(sa.text(query), values).all()

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


D = TypeVar("D", bound=Database)


def ready(setting: str) -> Place:
    """The place that the setting `store` names; a SQLite file is created where it is missing."""
    where = place(setting)
    if where.file is not None:
        _create(where)
    return where


def inserting(dialect: str, table: sa.Table) -> Any:
    """An `INSERT` of a dialect: one that knows `ON CONFLICT`."""
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)


def upsert(
    connection: sa.Connection, table: sa.Table, values: dict[str, Any], key: Sequence[str]
) -> None:
    """Insert a row, or put its values in the place of the one that has its key."""
    statement = _upserting(connection.dialect.name, table, tuple(values), tuple(key))
    connection.execute(statement, {name: clean(value) for name, value in values.items()})


@cache
def _upserting(dialect: str, table: sa.Table, names: Sequence[str], key: Sequence[str]) -> Any:
    insert = inserting(dialect, table)
    new = {name: insert.excluded[name] for name in names if name not in key}
    return insert.on_conflict_do_update(index_elements=key, set_=new)


_creating = Lock()


def _create(where: Place) -> None:
    """An empty file that only its owner reads, since it will hold parts of logs.

    One that is there is not opened: closing any descriptor of a file gives up all locks that this
    process has on it (POSIX), and with them those of SQLite's connections. Another process that comes
    and goes would then take itself for the last one, and delete the log that these still write to.
    """
    assert where.file is not None
    try:
        where.file.parent.mkdir(parents=True, exist_ok=True)
        with _creating:
            if not where.file.exists():
                os.close(os.open(where.file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            elif not os.access(where.file, os.R_OK | os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except FileExistsError:
        pass  # another process was faster
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


def clean(value: Any) -> Any:
    """Text as every database takes it: PostgreSQL keeps no NUL, UTF-8 no lone surrogates."""
    if not isinstance(value, str) or (value.isascii() and "\0" not in value):
        return value
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()


def _in_words(error: sa.exc.DBAPIError, where: Place) -> Exception:
    said = " ".join(str(error.orig).split()) or "no answer"
    unwritable = ("readonly", "read-only", "unable to open", "permission denied")
    if any(words in said for words in unwritable):
        return WrongUse(
            f"{where.name}: cannot be written ({said}); set store (DAGNOSIS_STORE) to one that can"
        )
    if where.file is None:
        if isinstance(error, sa.exc.OperationalError):
            return ServiceUnreachable(
                f"{where.name}: not reachable ({said}); check the server and DAGNOSIS_STORE, then try again"
            )
        return _refused(error, where)
    if "locked" in said:
        return ServiceUnreachable(f"{where.name}: is in use by somebody else ({said}); try again")
    if "full" in said:
        return WrongUse(f"{where.name}: {said}; make room, nothing was lost")
    if "malformed" in said or "not a database" in said:
        return UnreadableInput(
            f"{where.name}: is damaged or no SQLite file ({said}); nothing was changed: restore a copy,"
            " or move it away and a new one is made"
        )
    if "disk I/O" in said:
        return ServiceUnreachable(f"{where.name}: {said}; check the disk, then try again")
    return _refused(error, where)


def _refused(error: sa.exc.DBAPIError, where: Place) -> InternalError:
    said = " ".join(str(error.orig).split())
    return InternalError(
        f"{where.name}: refused a statement of dagnosis ({type(error.orig).__name__}: {said}); nothing"
        " was changed: this is a fault of dagnosis, please report it with this line"
    )
