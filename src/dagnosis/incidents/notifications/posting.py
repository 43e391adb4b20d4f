"""One POST: to an address that was looked at, without redirects, within seconds, of bounded size."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from importlib.metadata import version

from dagnosis.incidents.notifications.contract import Undelivered
from dagnosis.incidents.notifications.guard import Resolver, Target, checked, resolve

SECONDS = 10.0
"""For all of it."""
MOST_SENT, MOST_READ = 256 * 1024, 64 * 1024
"""Bytes of a message, and of an answer that are read."""
_AGAIN = frozenset({408, 425, 429})


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    allowed: str = "",
    resolver: Resolver = resolve,
    seconds: float = SECONDS,
) -> None:
    """Send a body. Raises `Undelivered` unless the answer is one of success (200 to 299)."""
    if len(body) > MOST_SENT:
        raise Undelivered(f"the message has {len(body)} bytes, {MOST_SENT} at most", again=False)
    target = checked(url, allowed, resolver)
    connection = _connection(target, seconds)
    ended = threading.Event()
    watch = threading.Timer(seconds, _end, (connection, ended))
    watch.daemon = True
    watch.start()
    try:
        status, after, said = _ask(connection, target, body, headers)
    except (OSError, http.client.HTTPException, ValueError) as error:
        late = f"did not answer within {seconds:g} s" if ended.is_set() else ""
        raise Undelivered(f"{target.host}: {late or _brief(error)}") from None
    finally:
        watch.cancel()
        connection.close()
    if ended.is_set():  # a cut answer may look like a whole one
        raise Undelivered(f"{target.host}: did not answer within {seconds:g} s")
    if 200 <= status < 300:
        return
    again = status in _AGAIN or status >= 500
    raise Undelivered(f"{target.host}: HTTP {status} {said}".rstrip(), again=again, after=after)


def _ask(
    connection: http.client.HTTPConnection, target: Target, body: bytes, headers: Mapping[str, str]
) -> tuple[int, float | None, str]:
    told = {"User-Agent": f"dagnosis/{version('dagnosis')}", "Connection": "close", **headers}
    connection.request("POST", target.path, body, told)
    answer = connection.getresponse()
    said = answer.read(MOST_READ).decode("utf-8", "replace")
    after = answer.headers.get("Retry-After", "")
    wait = min(float(after), 86_400.0) if after.isascii() and after.isdigit() else None
    return answer.status, wait, " ".join(said.split())[:200]


def _connection(target: Target, seconds: float) -> http.client.HTTPConnection:
    """A connection that goes to the address which was looked at, whatever the name is by now."""
    if target.secure:
        context = ssl.create_default_context()
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            target.host, target.port, timeout=seconds, context=context
        )
    else:
        connection = http.client.HTTPConnection(target.host, target.port, timeout=seconds)

    def connect(
        _: tuple[str, int], timeout: float | None = None, source: tuple[str, int] | None = None
    ) -> socket.socket:
        return socket.create_connection((target.address, target.port), timeout, source)

    connection._create_connection = connect  # type: ignore[attr-defined]
    return connection


def _end(connection: http.client.HTTPConnection, ended: threading.Event) -> None:
    """An answer that drips is not waited for."""
    ended.set()
    if connection.sock is not None:
        try:
            connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            connection.sock.close()


def _brief(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
