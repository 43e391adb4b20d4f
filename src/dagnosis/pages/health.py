"""Health of dagnosis itself: its processes, its stores, its models."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import msgspec

from dagnosis import __version__
from dagnosis.pages import words
from dagnosis.pages.risk import STALE
from dagnosis.pages.stores import Stores
from dagnosis.services.health import PROCESSES, Check, Status, checks, said
from dagnosis.services.outlook import kept


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The page; `sizes` are (what, where, how large)."""

    now: datetime
    version: str
    checks: tuple[Check, ...]
    processes: tuple[Status, ...]
    sizes: tuple[tuple[str, str, str], ...]


def page(
    stores: Stores, *, readable: frozenset[str] | None = None, now: datetime | None = None
) -> Health:
    """The page. It speaks of no DAG; where not all may be read, places of files are left out."""
    now = now or datetime.now(timezone.utc)

    def profiles() -> Check:
        found = stores.profiles.datasets()
        return Check("profiles", "ok", words.count(len(found), "dataset"))

    def models() -> Check:
        from dagnosis.models import store

        found = [
            v for name in store.names(stores.models) for v in store.versions(name, stores.models)
        ]
        wrong = [f"{one.name} {one.version}: {one.trouble}" for one in found if one.trouble]
        if wrong:
            return Check("models", "warn", wrong[0], "dagnosis models verify; then roll back.")
        return Check("models", "ok", f"{words.count(len(found), 'version')}, all sound")

    def risks() -> Check:
        ahead = kept(stores.incidents)
        if ahead is None:
            return Check(
                "risks", "unknown", "never reckoned", "dagnosis forecast pull, then watch."
            )
        age = words.ago(ahead.made, now)
        if now - ahead.made > STALE:
            return Check(
                "risks", "warn", f"reckoned {age}", "Is the watch running, the history new?"
            )
        return Check("risks", "ok", f"{words.count(len(ahead.risks), 'run')}, reckoned {age}")

    return Health(
        now=now,
        version=__version__,
        checks=tuple(checks(stores.incidents, now, (profiles, risks, models))),
        processes=tuple(s for name in PROCESSES if (s := said(stores.incidents, name))),
        sizes=tuple(
            (what, str(path) if readable is None else "", words.size(_size(path)))
            for what, path in stores.files.items()
        ),
    )


def _size(path: Path) -> int:
    """Bytes of a file with SQLite's own files beside it, or of a folder; 0 where there is none."""
    if path.is_dir():
        return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    beside = (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm"))
    return sum(one.stat().st_size for one in beside if one.is_file())
