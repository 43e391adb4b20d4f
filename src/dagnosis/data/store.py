"""Where profiles, and the memory of each table, are kept: a database by URL, SQLite by default.

A database rather than files: tasks on several workers write at once, and a check that fails half way
must leave what is stored untouched; both are what transactions are for. One row holds one profile as
compressed MessagePack (some ten kilobytes), so a year of a table is read in one query.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from dagnosis import zstd
from dagnosis.data.memory import Memory
from dagnosis.data.profile.values import VERSION, Profile
from dagnosis.errors import ServiceUnreachable, WrongUse

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

Status: TypeAlias = Literal["healthy", "alarm", "accepted"]
"""healthy and accepted batches are learned from, alarms are not."""


class Stored(msgspec.Struct, frozen=True):
    """A profile with what was decided of it, and the finding as JSON (empty for none)."""

    profile: Profile
    status: Status
    finding: bytes = b""


class Summary(msgspec.Struct, frozen=True):
    """A dataset: how many of its batches are stored, the newest one, and the finding about it."""

    dataset: str
    batches: int
    partition: str
    run: str
    status: Status
    made: datetime
    finding: bytes = b""


class Batch(msgspec.Struct, frozen=True):
    """A batch that was checked, and the finding about it as JSON."""

    dataset: str
    partition: str
    run: str
    made: datetime
    finding: bytes


class ProfileStore:
    """Profiles per dataset, partition and run, at `place`: a SQLite file, a URL of SQLAlchemy, or an
    engine, such as that of an Airflow connection.

    Raises `ServiceUnreachable` where the database does not answer, `WrongUse` for a URL that names no
    database. The tables are made on first use.
    """

    def __init__(self, place: str | Engine) -> None:
        self._given = None if isinstance(place, str) else place
        place = place if isinstance(place, str) else str(place.url)
        self.url = place if "://" in place else f"sqlite:///{place}"
        if self.url.startswith("postgresql://"):
            self.url = self.url.replace("postgresql", "postgresql+psycopg", 1)
        self._made: Engine | None = None

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        from sqlalchemy import exc

        try:
            with self._engine().begin() as connection:
                yield connection
        except exc.OperationalError as error:
            reason = str(error.orig).splitlines()[0]
            raise ServiceUnreachable(
                f"the profile store does not answer ({reason}); is the setting profiles right?"
            ) from None

    def _engine(self) -> Engine:
        from sqlalchemy import NullPool, create_engine, event, exc

        if self._made is not None:
            return self._made
        try:
            engine = self._given or create_engine(self.url, poolclass=NullPool)
        except (exc.ArgumentError, exc.NoSuchModuleError, ModuleNotFoundError) as error:
            raise WrongUse(f"profiles: not a database URL that can be used ({error})") from None
        if engine.dialect.name == "sqlite":
            if engine.url.database:
                Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)

            @event.listens_for(engine, "connect")
            def _wal(connection: Any, _: Any) -> None:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA busy_timeout = 30000")

        _make(engine)
        self._made = engine
        return engine

    def history(
        self, dataset: str, before: str | None = None, most: int | None = None
    ) -> list[Stored]:
        """What is stored of a dataset in the order of its partitions, of each the newest run.

        With `before` only partitions that come earlier, with `most` only the last rows that are
        stored. Profiles of another version are left out.
        """
        from sqlalchemy import select

        table = _tables().profiles
        query = (
            select(table.c.partition, table.c.status, table.c.profile, table.c.finding)
            .where(table.c.dataset == dataset, table.c.version == VERSION)
            .order_by(table.c.partition.desc(), table.c.id.desc())
            .limit(most)
        )
        if before is not None:
            query = query.where(table.c.partition < before)
        with self._begin() as connection:
            rows = connection.execute(query).all()
        newest = {row.partition: row for row in reversed(rows)}
        decoder = msgspec.msgpack.Decoder(Profile)
        return [
            Stored(decoder.decode(zstd.decompress(row.profile)), row.status, row.finding or b"")
            for row in newest.values()
        ]

    def datasets(self) -> list[Summary]:
        """Every dataset with its newest partition, those first that were checked last."""
        from sqlalchemy import func, select

        table = _tables().profiles
        last = select(
            table.c.dataset,
            table.c.partition,
            table.c.run,
            table.c.status,
            table.c.made_at,
            table.c.finding,
            func.count().over(partition_by=table.c.dataset).label("batches"),
            func.row_number()
            .over(
                partition_by=table.c.dataset, order_by=(table.c.partition.desc(), table.c.id.desc())
            )
            .label("place"),
        ).subquery()
        query = select(last).where(last.c.place == 1).order_by(last.c.made_at.desc())
        with self._begin() as connection:
            rows = connection.execute(query).all()
        return [
            Summary(
                row.dataset, row.batches, row.partition, row.run, row.status,
                _zoned(row.made_at), row.finding or b"",
            )
            for row in rows
        ]  # fmt: skip

    def checked(self, since: datetime) -> list[Batch]:
        """Batches of any dataset that were checked after a moment, in order of time."""
        from sqlalchemy import select

        table = _tables().profiles
        query = (
            select(
                table.c.dataset, table.c.partition, table.c.run, table.c.made_at, table.c.finding
            )
            .where(table.c.made_at > since.astimezone(timezone.utc), table.c.status != "accepted")
            .order_by(table.c.made_at)
        )
        with self._begin() as connection:
            rows = connection.execute(query).all()
        return [
            Batch(row.dataset, row.partition, row.run, _zoned(row.made_at), row.finding)
            for row in rows
            if row.finding
        ]

    def memory(self, dataset: str) -> Memory:
        """The memory of a dataset, a new one where there is none."""
        found = self._state(dataset, "memory")
        return (Memory.load(found) if found else None) or Memory()

    def judge(self, dataset: str) -> bytes:
        """The folded past of a dataset (`Judge.dump`), empty where there is none."""
        return self._state(dataset, "judge")

    def newest(self, dataset: str) -> str:
        """The last partition that is stored, empty where there is none."""
        from sqlalchemy import func, select

        table = _tables().profiles
        with self._begin() as connection:
            query = select(func.max(table.c.partition)).where(table.c.dataset == dataset)
            return connection.execute(query).scalar() or ""

    def _state(self, dataset: str, which: str) -> bytes:
        from sqlalchemy import select

        table = _tables().memories
        with self._begin() as connection:
            query = select(table.c[which]).where(table.c.dataset == dataset)
            found = connection.execute(query).scalar()
        return zstd.decompress(found) if found else b""

    def record(
        self,
        profile: Profile,
        status: Status,
        memory: Memory | None = None,
        judge: bytes = b"",
        finding: bytes = b"",
    ) -> None:
        """Store a profile, and with it the memory and the judge that have taken the batch in; all or
        nothing. Without a judge the next check folds the past anew.

        The same partition and run again replaces what was stored.
        """
        pack = partial(zstd.compress, level=6)
        tables = _tables()
        key = {"dataset": profile.dataset, "partition": profile.partition, "run": profile.run}
        with self._begin() as connection:
            profiles, memories = tables.profiles, tables.memories
            same = [profiles.c[name] == value for name, value in key.items()]
            connection.execute(profiles.delete().where(*same))
            connection.execute(
                profiles.insert().values(
                    **key,
                    version=profile.version,
                    made_at=datetime.now(timezone.utc),
                    status=status,
                    profile=pack(msgspec.msgpack.encode(profile)),
                    finding=finding,
                )
            )
            if memory is not None:
                connection.execute(memories.delete().where(memories.c.dataset == profile.dataset))
                connection.execute(
                    memories.insert().values(
                        dataset=profile.dataset,
                        memory=pack(memory.dump()),
                        judge=pack(judge) if judge else b"",
                    )
                )


def _make(engine: Engine) -> None:
    """The tables, where they are not there. Threads and processes that come at the same time see each
    other's only when they make the same one: then the rest is left."""
    from sqlalchemy import exc

    metadata = _tables().metadata
    for _ in metadata.tables:
        try:
            metadata.create_all(engine)
        except exc.DBAPIError as error:
            if "already exists" not in str(error.orig):
                raise
        else:
            return
    metadata.create_all(engine)


def _zoned(when: datetime) -> datetime:
    """SQLite keeps no zones; what it keeps is UTC."""
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


class _Tables:
    def __init__(self) -> None:
        from sqlalchemy import (
            Column,
            DateTime,
            Integer,
            LargeBinary,
            MetaData,
            String,
            Table,
            UniqueConstraint,
        )

        self.metadata = MetaData()
        self.profiles = Table(
            "dagnosis_profiles",
            self.metadata,
            Column("id", Integer, primary_key=True),
            Column("dataset", String(500), nullable=False, index=True),
            Column("partition", String(200), nullable=False),
            Column("run", String(250), nullable=False),
            Column("version", Integer, nullable=False),
            Column("made_at", DateTime(timezone=True), nullable=False),
            Column("status", String(10), nullable=False),
            Column("profile", LargeBinary, nullable=False),
            Column("finding", LargeBinary, nullable=False),
            UniqueConstraint("dataset", "partition", "run"),
        )
        self.memories = Table(
            "dagnosis_memories",
            self.metadata,
            Column("dataset", String(500), primary_key=True),
            Column("memory", LargeBinary, nullable=False),
            Column("judge", LargeBinary, nullable=False),
        )


_made: list[_Tables] = []


def _tables() -> _Tables:
    """The tables, described on first use: SQLAlchemy is not imported before."""
    if not _made:
        _made.append(_Tables())
    return _made[0]
