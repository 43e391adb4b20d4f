"""A signed webhook: JSON, with an HMAC over its time and its body.

A receiver computes HMAC-SHA256 with the shared secret over `<Dagnosis-Timestamp>.<body>`, compares it
with `Dagnosis-Signature`, refuses times that are minutes away, and keeps the `key`s of the last minutes:
then nothing can be forged, changed or played again. `verify` does the first three.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from dagnosis.errors import WrongUse
from dagnosis.incidents.notifications.contract import Notice
from dagnosis.incidents.notifications.guard import Resolver, resolve
from dagnosis.incidents.notifications.message import of_notice, safe
from dagnosis.incidents.notifications.posting import post

if TYPE_CHECKING:
    from dagnosis.settings import Settings

TOLERANCE = 300
"""Seconds that a time may be away."""


class Webhook:
    """POSTs each notice; without a secret it is not signed."""

    name = "webhook"

    def __init__(
        self,
        url: str,
        secret: str = "",
        *,
        allowed: str = "",
        resolver: Resolver = resolve,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.url, self.secret, self.allowed = url, secret, allowed
        self.resolver, self.clock = resolver, clock

    def notify(self, notice: Notice) -> None:
        """See `Notifier.notify`."""
        body = payload(notice)
        headers = {"Content-Type": "application/json", "Dagnosis-Key": notice.key}
        if self.secret:
            headers |= signed(self.secret, body, int(self.clock()))
        post(self.url, body, headers, allowed=self.allowed, resolver=self.resolver)


def payload(notice: Notice) -> bytes:
    """The body: what is told as texts, and the incident's numbers."""
    told = of_notice(notice)
    one = notice.incident
    body: dict[str, object] = {
        "schema": 1,
        "key": notice.key,
        "event": notice.reason,
        "when": notice.when,
        **msgspec.to_builtins(told),
        "links": dict(told.links),
    }
    if one is not None:
        texts = ("kind", "fingerprint", "cause", "detail", "transience", "state", "novelty")
        numbers = ("count", "tasks", "runs", "dags", "blast", "members", "confidence")
        failed = one.last_failed or one.first_failed
        body["incident"] = {
            "id": one.id,
            "title": safe(one.title),
            "first_seen": one.first_seen,
            "last_seen": one.last_seen,
            **{name: safe(getattr(one, name)) for name in texts},
            **{name: getattr(one, name) for name in numbers},
            "task": failed
            and {
                name: safe(value) if isinstance(value, str) else value
                for name, value in msgspec.structs.asdict(failed).items()
            },
        }
    return msgspec.json.encode(body)


def signed(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that sign a body."""
    return {
        "Dagnosis-Timestamp": str(timestamp),
        "Dagnosis-Signature": f"v1={_digest(secret, body, str(timestamp))}",
    }


def _digest(secret: str, body: bytes, timestamp: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float | None = None) -> bool:
    """Is a body from who has the secret, and from these minutes? For receivers written in Python.

    >>> headers = signed("s3", b"{}", 1_000)
    >>> verify("s3", headers, b"{}", 1_010), verify("s3", headers, b"{}", 2_000)
    (True, False)
    """
    named = {name.lower(): value for name, value in headers.items()}
    timestamp = named.get("dagnosis-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 16):
        return False
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE:
        return False
    expected = f"v1={_digest(secret, body, timestamp)}"
    given = named.get("dagnosis-signature", "")
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))


def configured(settings: Settings) -> Webhook | None:
    """The webhook of the settings."""
    if not settings.notify_webhook_url:
        return None
    secret = secret_of(settings.notify_webhook_secret_env, "notify_webhook_secret_env")
    return Webhook(settings.notify_webhook_url, secret, allowed=settings.notify_allow)


def secret_of(variable: str, setting: str) -> str:
    """The secret in a variable; empty where none is named. Raises `WrongUse` where it is not set."""
    if not variable:
        return ""
    if not os.environ.get(variable):
        raise WrongUse(f"{setting}: the variable {variable} is not set")
    return os.environ[variable]
