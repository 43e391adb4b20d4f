"""Tokens for the pages and the API: made once, shown once, kept as hashes.

A token is 256 random bits, so that its SHA-256 tells nothing; a slow hash is for passwords. The file is
readable by its owner alone, replaced as a whole, and read again when it changed: a token that is
revoked is refused at once, without a restart.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import msgspec

from dagnosis.errors import UnreadableInput, WrongUse

Scope: TypeAlias = Literal["read", "write", "admin"]
"""read: look. write: also acknowledge, note, confirm, correct. admin: also change models in use."""

SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "dagnosis_"
"""Of every token, so that scanners for leaked secrets can know one."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z")


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a token. `expires` is None for one that does not."""

    name: str
    scope: Scope
    sha256: str
    created: datetime
    expires: datetime | None = None

    def may(self, scope: Scope) -> bool:
        """Does it include a scope?"""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


class Tokens:
    """The tokens in a file; without the file there are none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_at: tuple[int, int] | None = None
        self._known: tuple[Token, ...] = ()

    def all(self) -> tuple[Token, ...]:
        """Every token, the oldest first. Raises `UnreadableInput` for a damaged file."""
        try:
            status = self.path.stat()
            seen = (status.st_mtime_ns, status.st_ino)
            if seen != self._read_at:
                self._known = msgspec.json.decode(self.path.read_bytes(), type=tuple[Token, ...])
                self._read_at = seen
        except FileNotFoundError:
            self._known, self._read_at = (), None
        except (OSError, msgspec.DecodeError) as error:
            raise UnreadableInput(
                f"{self.path}: cannot be read ({error}); remove it and make new tokens"
            ) from None
        return self._known

    def of(self, secret: str, now: datetime | None = None) -> Token | None:
        """The token that a secret is, None for none and for one that has expired."""
        asked = _digest(secret)
        now = now or datetime.now(timezone.utc)
        found = None
        for token in self.all():
            if hmac.compare_digest(token.sha256, asked):
                found = token
        return found if found and (found.expires is None or now < found.expires) else None

    def create(self, name: str, scope: Scope, days: float | None = None) -> str:
        """Make a token and give its secret, which is kept nowhere.

        Raises `WrongUse` for a name that is taken or none, or a file that cannot be written.
        """
        if not _NAME.match(name):
            raise WrongUse(f"{name!r} is no name of a token (letters, digits and ._@-, at most 64)")
        secret = PREFIX + secrets.token_urlsafe(32)
        now = datetime.now(timezone.utc).replace(microsecond=0)
        made = Token(
            name=name,
            scope=scope,
            sha256=_digest(secret),
            created=now,
            expires=now + timedelta(days=days) if days is not None else None,
        )
        with self._writing():
            if any(one.name == name for one in self.all()):
                raise WrongUse(
                    f"a token {name!r} exists: dagnosis token revoke {name}, or another name"
                )
            self._write((*self.all(), made))
        return secret

    def revoke(self, name: str) -> None:
        """Remove a token. Raises `WrongUse` where there is none of that name."""
        with self._writing():
            left = tuple(one for one in self.all() if one.name != name)
            if len(left) == len(self.all()):
                raise WrongUse(f"no token {name!r}; dagnosis token list shows them")
            self._write(left)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        import fcntl

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.with_name(self.path.name + ".lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise WrongUse(f"{self.path}: cannot be written ({reason}); set tokens") from None

    def _write(self, tokens: tuple[Token, ...]) -> None:
        part = self.path.with_name(self.path.name + ".part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(msgspec.json.encode(tokens) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
