"""A connection to Airflow's metadata database that only reads, whatever the database.

PostgreSQL, MySQL/MariaDB and SQLite. Statements are given up after a time, and say what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Dialect, Engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.types import TypeDecorator

from dagnosis.errors import ServiceUnreachable, UnreadableInput, WrongUse
from dagnosis.logs.redaction import redact

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_EXTRAS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}
_KNOWN = ("sqlite", *_DRIVERS)
_NOW = {
    "postgresql": "SELECT clock_timestamp()",
    "mysql": "SELECT UTC_TIMESTAMP(6)",
    "mariadb": "SELECT UTC_TIMESTAMP(6)",
    "sqlite": "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')",
}
_REFUSED = (
    "authentication failed",
    "access denied",
    "permission denied",
    "does not exist",
    "unknown database",
)


class Utc(TypeDecorator[datetime]):
    """A time as each database gives it, aware and UTC on our side."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC; without a zone where the database knows none."""
        if value is None:
            return None
        aware = aware_utc(value)
        return aware if dialect.name == "postgresql" else aware.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """UTC."""
        return None if value is None else aware_utc(value)


class Metadata:
    """The database at `url`; connections are made on demand."""

    def __init__(self, url: str, seconds: float = 60.0) -> None:
        """`seconds` is how long a statement may take. Raises `WrongUse` for a URL that is none."""
        self._seconds = max(seconds, 1.0)
        try:
            parsed = make_url(url)
            backend = parsed.get_backend_name()
            if backend not in _KNOWN:
                raise WrongUse(f"{backend}: only PostgreSQL, MySQL and SQLite are read")
            self.backend = backend
            self.name = _named(parsed, backend)
            self._engine = self._made(parsed)
        except (ArgumentError, NoSuchModuleError, ValueError):
            raise WrongUse(
                "airflow_database is no URL of a database; one is postgresql://airflow@db.example/airflow"
            ) from None
        except ImportError:
            extra = _EXTRAS[backend]
            raise WrongUse(f"{backend} needs a driver: pip install 'dagnosis[{extra}]'") from None
        self._columns: dict[str, frozenset[str]] = {}

    def columns(self, table: str) -> frozenset[str]:
        """Names of a table's columns; empty where there is no such table."""
        if not self._columns:
            with self.reading() as connection:
                found = sa.inspect(connection)
                tables = set(found.get_table_names())
                if not {"task_instance", "dag_run", "log"} <= tables:
                    raise UnreadableInput(
                        f"{self.name}: holds no Airflow: task_instance, dag_run or log is missing"
                    )
                self._columns = {
                    name: frozenset(column["name"] for column in found.get_columns(name))
                    for name in tables & _READ
                }
        return self._columns.get(table, frozenset())

    def now(self) -> datetime:
        """The database's own time."""
        with self.reading() as connection:
            value = connection.exec_driver_sql(_NOW[self.backend]).scalar_one()
        return aware_utc(datetime.fromisoformat(value) if isinstance(value, str) else value)

    def rows(self, statement: sa.Select[Any]) -> list[Any]:
        """All rows of a statement that gives few."""
        with self.reading() as connection:
            return list(connection.execute(statement))

    def stream(self, statement: sa.Select[Any], page: int = 2000) -> Iterator[Any]:
        """Rows of a statement that may give many, `page` in memory at a time."""
        with self.reading() as connection:
            yield from connection.execute(statement, execution_options={"yield_per": page})

    def close(self) -> None:
        """Give back connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection in a transaction that cannot write.

        Raises `WrongUse` where the database refuses us, `ServiceUnreachable` where it fails.
        """
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            self._columns = {}  # Airflow may have been upgraded meanwhile
            said = redact(str(getattr(error, "orig", None) or error).strip().partition("\n")[0])
            if any(words in said.lower() for words in _REFUSED):
                raise WrongUse(
                    f"{self.name}: {said}; check airflow_database: name, user, password, and the right"
                    " to SELECT"
                ) from None
            raise ServiceUnreachable(f"{self.name}: the metadata database fails: {said}") from None

    def _made(self, url: URL) -> Engine:
        if self.backend == "sqlite":
            # A file that is only read, and not made where there is none.
            path = quote(url.database or "")
            return sa.create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
        driven = url.set(drivername=_DRIVERS[self.backend])
        engine = sa.create_engine(
            driven,
            pool_size=2,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10},
        )
        milliseconds = int(self._seconds * 1000)
        if self.backend == "postgresql":
            # Per transaction, which poolers such as pgbouncer let through; `options` they refuse.
            @sa.event.listens_for(engine, "begin")
            def _begin(connection: Connection) -> None:
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")

        else:

            @sa.event.listens_for(engine, "connect")
            def _connect(raw: Any, record: Any) -> None:
                maria = "mariadb" in str(raw.get_server_info()).lower()
                limit = (
                    f"max_statement_time = {self._seconds}"
                    if maria
                    else f"max_execution_time = {milliseconds}"
                )
                with raw.cursor() as cursor:
                    cursor.execute("SET SESSION TRANSACTION READ ONLY")
                    cursor.execute("SET SESSION time_zone = '+00:00'")
                    cursor.execute(f"SET SESSION {limit}")

        return engine


_READ = frozenset(
    "task_instance task_instance_history dag_run dag log dag_version dag_code import_error asset"
    " asset_event dataset dataset_event".split()
)


def aware_utc(time: datetime) -> datetime:
    """UTC; a time without a zone is taken to be UTC."""
    return (
        time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time.astimezone(timezone.utc)
    )


def _named(url: URL, backend: str) -> str:
    if backend == "sqlite":
        return f"sqlite:///{url.database or ''}"
    port = f":{url.port}" if url.port else ""
    return f"{backend}://{url.host or 'localhost'}{port}/{url.database or ''}"
