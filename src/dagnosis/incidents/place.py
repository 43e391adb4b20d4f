"""Where the store is: a SQLite file or a PostgreSQL URL, from the setting `store`."""

from __future__ import annotations

from pathlib import Path

import msgspec

from dagnosis.errors import WrongUse


class Place(msgspec.Struct, frozen=True):
    """Either `file`, or a `url` of PostgreSQL."""

    file: Path | None
    url: str = ""

    @property
    def exists(self) -> bool:
        """Can something be remembered there? A URL is taken at its word."""
        return self.file is None or self.file.is_file()

    @property
    def name(self) -> str:
        """For messages: without a password."""
        if self.file is not None:
            return str(self.file)
        scheme, _, rest = self.url.partition("://")
        return f"{scheme.partition('+')[0]}://{rest.rpartition('@')[2].partition('?')[0]}"


def place(store: str) -> Place:
    """Read the setting: a path, `sqlite:///path` or `postgresql://…`.

    Raises `WrongUse` for any other database.

    >>> place("sqlite:////srv/dagnosis.db").name
    '/srv/dagnosis.db'
    >>> place("postgresql://me:secret@db/dagnosis").name
    'postgresql://db/dagnosis'
    """
    scheme, separator, rest = store.partition("://")
    if not separator:
        return Place(Path(store).expanduser())
    kind, _, driver = scheme.partition("+")
    if kind == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return Place(Path(rest[1:].partition("?")[0]).expanduser())
    if kind in ("postgresql", "postgres"):
        return Place(None, f"postgresql+{driver or 'psycopg'}://{rest}")
    raise WrongUse(
        f"store: {scheme}:// is not kept here; give a path of a SQLite file, sqlite:///path or "
        "postgresql://user@host/database"
    )
