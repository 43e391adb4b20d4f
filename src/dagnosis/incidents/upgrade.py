"""Bring a store to the schema of this dagnosis: when it is opened, once, whoever comes first.

The revisions are Alembic's; there is no `env.py`, since the connection, with its lock, is ours.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table, text

from dagnosis.errors import UnreadableInput

VERSION_TABLE = "dagnosis_version"
"""A PostgreSQL database may hold other things, with a version table of their own."""
HEAD = "v0003"
_LOCK = 0x64_61_67_6E_6F_73_69_73
"""Of PostgreSQL's advisory locks: the bytes of "dagnosis"."""


def upgrade(connection: Connection, name: str) -> None:
    """Upgrade inside the caller's transaction, which in SQLite must have begun as a writing one.

    Raises `UnreadableInput` for a store of a newer dagnosis, and for a database that is none.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if not is_current(connection):  # another process may have been first
        _run(connection, name)


def is_current(connection: Connection) -> bool:
    """Has the store the schema of this dagnosis?"""
    return _version(connection) == HEAD


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version = table(VERSION_TABLE, column("version_num"))
    found: str | None = connection.execute(select(version.c.version_num)).scalar()
    return found


def _run(connection: Connection, name: str) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    version = _version(connection)
    if version is not None and version not in {r.revision for r in script.walk_revisions()}:
        raise UnreadableInput(
            f"{name}: written by a newer dagnosis (schema {version}); upgrade dagnosis, or name another"
            " store"
        )
    if version is None and inspect(connection).has_table("diagnosis"):
        raise UnreadableInput(f"{name}: holds tables of something else; name another store")
    context = EnvironmentContext(
        config, script, fn=lambda revision, _: script._upgrade_revs(HEAD, revision)
    )
    with context:
        context.configure(
            connection,
            version_table=VERSION_TABLE,
            transactional_ddl=True,
            transaction_per_migration=False,
        )
        context.run_migrations()
