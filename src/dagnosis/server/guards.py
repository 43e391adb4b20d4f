"""What stands before every answer, whatever the route: hosts, origins, sizes, rates, headers.

- A name that we are not known by is refused, so that a page elsewhere cannot reach a server on loopback
  by giving its own name our address (DNS rebinding).
- A request that changes something must come from our own pages, or from no browser at all.
- A body has a size, a client a rate.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from ipaddress import ip_address
from typing import Any, TypeAlias
from urllib.parse import urlsplit

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
LARGEST = 256 * 1024
"""Bytes of a body, and of a path with its query."""
TOO_MUCH = f"a request has {LARGEST:,} bytes at the most"
CLIENTS = 4096
"""Clients whose rate is known; those that were quiet longest are forgotten first."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def is_local(host: str) -> bool:
    """Is it a name or an address of this machine alone?

    >>> is_local("127.0.0.2"), is_local("localhost"), is_local("0.0.0.0"), is_local("db")
    (True, True, False, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class TooMuch(Exception):
    """A body that is larger than it said, or than any may be; the app answers 413."""


class Buckets:
    """A token bucket a client: `rate` a second, and `burst` at once after a pause."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.rate, self.burst, self._clock = rate, burst, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """0 where the client may go on, else the seconds to wait."""
        now = self._clock()
        left, then = self._left.pop(client, (self.burst, now))
        left = min(left + (now - then) * self.rate, self.burst)
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now)
        while len(self._left) > CLIENTS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - left) / self.rate


class Guards:
    """ASGI around an app. `names` are the host names that we are known by; an empty one is none.
    `measure` is told of each answer: its route (empty for none), its status, its seconds."""

    def __init__(
        self,
        app: App,
        *,
        names: Iterable[str] = (),
        rate: float = 50,
        writes: float = 5,
        headers: dict[str, str] | None = None,
        measure: Callable[[str, int, float], None] = lambda route, status, seconds: None,
    ) -> None:
        self.app = app
        self.measure = measure
        self.names = LOCAL | {name.lower() for name in names if name}
        self.reading = Buckets(rate, rate * 8)
        self.writing = Buckets(writes, writes * 12)
        self.headers = [
            (key.lower().encode(), value.encode()) for key, value in (headers or {}).items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or let pass with a bounded body and with our headers."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refused = self._refusal(scope)
        began = time.perf_counter()

        async def sent(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "")
                self.measure(route, message["status"], time.perf_counter() - began)
                given = {key for key, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((key, value) for key, value in self.headers if key not in given),
                ]
            await send(message)

        if refused:
            await _say(sent, *refused)
            return
        await self.app(scope, _bounded(receive), sent)

    def _refusal(self, scope: Scope) -> tuple[int, str, float] | None:
        found = {key: value.decode("latin-1") for key, value in scope["headers"]}
        host = found.get(b"host", "")
        if name_of(host) not in self.names:
            return 421, "this is not a name of this server; set serve_names to allow it", 0
        size = found.get(b"content-length", "0")
        if not size.isdigit() or int(size) > LARGEST:
            return 413, TOO_MUCH, 0
        asked = scope.get("raw_path", b"") + scope.get("query_string", b"")
        if len(asked) > LARGEST // 16 or b"%00" in asked:
            return 400, "the address is too long, or has a NUL in it", 0
        client = (scope.get("client") or ("", 0))[0]
        safe = scope["method"] in SAFE
        wait = (self.reading if safe else self.writing).take(client)
        if wait:
            return 429, "too many requests", wait
        if not safe and not _same_origin(found, host):
            return 403, "this comes from another site", 0
        return None


def name_of(host: str) -> str:
    """The name in a Host header, without its port.

    >>> name_of("[::1]:8642"), name_of("Dagnosis.example:80")
    ('::1', 'dagnosis.example')
    """
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _same_origin(headers: dict[bytes, str], host: str) -> bool:
    """A browser says where a request comes from; what says nothing is no browser."""
    if headers.get(b"sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get(b"origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc.lower() == host.lower()


def _bounded(receive: Receive) -> Receive:
    left = LARGEST

    async def received() -> MutableMapping[str, Any]:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooMuch(TOO_MUCH)
        return message

    return received


async def _say(send: Send, status: int, text: str, wait: float) -> None:
    body = f'{{"error":"{text}"}}\n'.encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if wait:
        headers.append((b"retry-after", str(int(wait) + 1).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
