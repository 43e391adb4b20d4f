"""The metadata database of a deployment: a SQLite file, or a PostgreSQL cluster of our own."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lab.services import postgres

Rows = list[dict[str, str]]
"""A query's result: every value as text, "" for NULL."""


class Metadata(Protocol):
    """What the lab does with a metadata database."""

    @property
    def url(self) -> str:
        """Its address, as Airflow wants it."""

    def start(self) -> Callable[[], None]:
        """Bring the server up, before Airflow creates the tables; returns what ends it."""

    def tune(self) -> None:
        """What is to be set once the tables are there."""

    def execute(self, statement: str) -> None:
        """Run one statement and commit."""

    def query(self, statement: str) -> Rows:
        """The rows of one SELECT."""


@dataclass(frozen=True)
class Sqlite:
    """A file in AIRFLOW_HOME."""

    file: Path

    @property
    def url(self) -> str:
        """The 5 s that sqlite3 waits for a lock by default are few for five components; but the
        API server stands still while it waits."""
        return f"sqlite:///{self.file}?timeout=12"

    def start(self) -> Callable[[], None]:
        """Nothing runs."""
        return lambda: None

    def tune(self) -> None:
        """Readers do not wait for writers."""
        self.execute("PRAGMA journal_mode=WAL")

    def execute(self, statement: str) -> None:
        """Run one statement and commit; `sqlite3.Error` where it fails."""
        with closing(sqlite3.connect(self.file, timeout=30)) as connection, connection:
            connection.execute(statement)

    def query(self, statement: str) -> Rows:
        """The rows of one SELECT; `sqlite3.Error` where it fails."""
        with closing(sqlite3.connect(self.file, timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            return [
                {name: "" if value is None else str(value) for name, value in dict(row).items()}
                for row in connection.execute(statement)
            ]


@dataclass(frozen=True)
class Postgres:
    """A cluster of Debian's PostgreSQL in `folder`, on 127.0.0.1:`port`."""

    folder: Path
    port: int
    password: str = "meta-2026"
    """Airflow 2 masks it in every log: it must not be a word that logs hold."""

    @property
    def url(self) -> str:
        """Psycopg2's; Airflow 3 derives that of asyncpg from it."""
        return f"postgresql+psycopg2://airflow:{self.password}@127.0.0.1:{self.port}/airflow"

    @property
    def _cluster(self) -> postgres.Cluster:
        return postgres.Cluster(self.port, self.folder)

    def start(self) -> Callable[[], None]:
        """Create and start the cluster; `OSError` where it cannot be."""
        self._cluster.start("-c max_connections=120")
        self._cluster.administer(
            f"CREATE ROLE airflow LOGIN PASSWORD '{self.password}';\n"
            "CREATE DATABASE airflow OWNER airflow;"
        )
        return self._cluster.stop

    def tune(self) -> None:
        """Nothing to do."""

    def execute(self, statement: str) -> None:
        """Run one statement and commit; `OSError` where it fails."""
        self._psql(statement)

    def query(self, statement: str) -> Rows:
        """The rows of one SELECT; `OSError` where it fails."""
        return list(csv.DictReader(io.StringIO(self._psql(statement), newline="")))

    def _psql(self, statement: str) -> str:
        return self._cluster.psql("airflow", "airflow", self.password, statement)
