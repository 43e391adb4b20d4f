"""Who asks, and what they may.

- A token, as `Authorization: Bearer …`, or by signing in on the page: then a cookie stands for it.
- On loopback, without `serve_auth = always`: whoever is on this machine may read and write as the user
  who runs dagnosis. What changes models needs a token of scope admin even there. A request that came
  through a proxy, or by another name, is not from this machine.
"""

from __future__ import annotations

import hmac
import secrets
import time
from hashlib import sha256

import msgspec
from starlette.requests import Request

from dagnosis.pages.links import Visitor
from dagnosis.server.guards import LOCAL, Buckets, is_local, name_of
from dagnosis.services.tokens import SCOPES, Scope, Tokens

COOKIE = "dagnosis"
STAYS = 12 * 3600
"""Seconds that a sign-in lasts."""
SESSIONS = 10_000
_PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


class Refused(Exception):
    """Not let in: 401 without a token that is known, 403 with one that may not, 429 after too many."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Asker(msgspec.Struct, frozen=True):
    """Somebody who was let in. `cookie` is the value of their cookie, for the CSRF value of forms."""

    name: str
    scope: Scope
    cookie: str = ""
    signed_in: bool = False
    bearer: bool = False

    def may(self, scope: Scope) -> bool:
        """Does their scope include another?"""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)


class _Session(msgspec.Struct, frozen=True):
    secret: str
    until: float


class Visitors:
    """The door. `trusting` is whether people on this machine need no token; `user` is their name."""

    def __init__(self, tokens: Tokens, *, trusting: bool, user: str, secure: bool = False) -> None:
        self.tokens, self.trusting, self.user, self.secure = tokens, trusting, user, secure
        self._key = secrets.token_bytes(32)
        self._sessions: dict[str, _Session] = {}
        self._failures = Buckets(rate=0.2, burst=10)

    def asker(self, request: Request, scope: Scope = "read") -> Asker:
        """Who asks. Raises `Refused` where they may not."""
        found = self._found(request)
        if found is None:
            raise Refused(401, "a token is needed: dagnosis token create NAME --scope read")
        if not found.may(scope):
            raise Refused(403, f"{found.name} may {found.scope}; this needs the scope {scope}")
        return found

    def _found(self, request: Request) -> Asker | None:
        cookie = request.cookies.get(COOKIE, "")
        kind, _, secret = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer":
            return self._token(request, secret.strip())
        session = self._sessions.get(_hashed(cookie)) if cookie else None
        if session and session.until > time.time():
            token = self.tokens.of(session.secret)
            if token:
                return Asker(token.name, token.scope, cookie, signed_in=True)
        if self.trusting and _from_here(request):
            return Asker(self.user, "write", cookie)
        return None

    def _token(self, request: Request, secret: str) -> Asker | None:
        token = self.tokens.of(secret)
        if token is None:
            if self._failures.take(request.client.host if request.client else ""):
                raise Refused(429, "too many wrong tokens: wait a minute")
            return None
        return Asker(token.name, token.scope, bearer=True)

    def sign_in(self, request: Request, secret: str) -> str | None:
        """A new cookie for a token, None for one that is not known."""
        if self._token(request, secret) is None:
            return None
        now = time.time()
        self._sessions = {k: v for k, v in self._sessions.items() if v.until > now}
        while len(self._sessions) >= SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        cookie = new_cookie()
        self._sessions[_hashed(cookie)] = _Session(secret, now + STAYS)
        return cookie

    def sign_out(self, cookie: str) -> None:
        """Forget a cookie."""
        self._sessions.pop(_hashed(cookie), None)

    def csrf(self, cookie: str) -> str:
        """The value that forms carry; empty without a cookie, which then must be set first."""
        if not cookie:
            return ""
        return hmac.new(self._key, cookie.encode("utf-8", "replace"), sha256).hexdigest()

    def check_csrf(self, cookie: str, given: str) -> None:
        """Raises `Refused` for a form that is not ours, or older than this server."""
        own = self.csrf(cookie)
        if not own or not hmac.compare_digest(own.encode(), given.encode("utf-8", "replace")):
            raise Refused(403, "the form is too old: load the page again, then repeat it")

    def visitor(self, asker: Asker, cookie: str) -> Visitor:
        """As pages know somebody."""
        return Visitor(
            name=asker.name,
            write=asker.may("write"),
            admin=asker.may("admin"),
            csrf=self.csrf(cookie),
            signed_in=asker.signed_in,
        )


def new_cookie() -> str:
    """A value that nobody guesses."""
    return secrets.token_urlsafe(32)


def _hashed(cookie: str) -> str:
    return sha256(cookie.encode("utf-8", "replace")).hexdigest()


def _from_here(request: Request) -> bool:
    if any(header in request.headers for header in _PROXIED):
        return False
    client = request.client.host if request.client else ""
    return is_local(client) and name_of(request.headers.get("host", "")) in LOCAL
