"""Who we are to an Airflow: a password that buys tokens, a token, or HTTP's basic authentication."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any

import msgspec

from dagnosis.errors import ServiceUnreachable, WrongUse

Ask = Callable[[str, Any], tuple[int, bytes]]


class Nobody:
    """No credentials: for an Airflow that asks for none."""

    refused = "asks who we are; set airflow_user and airflow_password_env, or airflow_token_env"

    def header(self, ask: Ask) -> str:
        """None."""
        return ""

    def renew(self) -> bool:
        """There is nothing to renew."""
        return False


class Bearer(Nobody):
    """A token that somebody gave us."""

    refused = "refuses the token; it is wrong or has expired: put a new one into airflow_token_env"

    def __init__(self, token: str) -> None:
        self._token = token

    def header(self, ask: Ask) -> str:
        """The token."""
        return f"Bearer {self._token}"


class Basic(Nobody):
    """User and password with each request."""

    refused = "refuses this user and password; check airflow_user and airflow_password_env"

    def __init__(self, user: str, password: str) -> None:
        self._value = base64.b64encode(f"{user}:{password}".encode()).decode()

    def header(self, ask: Ask) -> str:
        """User and password."""
        return f"Basic {self._value}"


class Password(Basic):
    """User and password that buy a token of Airflow 3, renewed before it expires and when refused.

    A server that sells no tokens is given them as they are.
    """

    def __init__(self, user: str, password: str) -> None:
        super().__init__(user, password)
        self._said = {"username": user, "password": password}
        self._token = ""
        self._until = 0.0
        self._sells = True

    def header(self, ask: Ask) -> str:
        """A token that is still good for a while."""
        if self._sells and (not self._token or time.monotonic() > self._until):
            self._buy(ask)
        return f"Bearer {self._token}" if self._sells else super().header(ask)

    def renew(self) -> bool:
        """Whether there is a token to be replaced."""
        had = bool(self._token)
        self._token = ""
        return had

    def _buy(self, ask: Ask) -> None:
        status, body = ask("/auth/token", self._said)
        if status in (404, 405):
            self._sells = False
            return
        if status in (400, 401, 403, 422):
            raise WrongUse(f"Airflow {self.refused}")
        try:
            token = msgspec.json.decode(body)["access_token"]
        except (msgspec.DecodeError, KeyError, TypeError):
            token = None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise ServiceUnreachable(f"Airflow gives no token (/auth/token answers {status})")
        self._token = token
        life = _life(token)
        self._until = time.monotonic() + life - min(60.0, life / 10)


_UNSTATED = 900.0
"""Seconds for which a token that does not state its end is kept."""


def _life(token: str) -> float:
    """Seconds that a token is good for, by what it states; nobody's clock is needed."""
    try:
        claims = token.split(".")[1]
        stated = msgspec.json.decode(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        life = float(stated["exp"]) - float(stated.get("iat", time.time()))
    except (IndexError, ValueError, KeyError, TypeError, AttributeError):
        return _UNSTATED
    return life if 1 < life < 1e9 else _UNSTATED
