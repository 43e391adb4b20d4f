"""Serving: one process, ended gracefully by a signal, with a watch beside it where that is wanted."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from dagnosis.errors import WrongUse
from dagnosis.server.guards import is_local

log = logging.getLogger(__name__)
GRACE = 5
"""Seconds that open requests, and the watch, have to end."""
LONGEST_ROUND = 64 << 20
"""Bytes of the line in which the watch tells of a round: after a long absence it has much to tell."""
AGAIN = (1, 2, 5, 15, 60)
"""Seconds before a watch that ended is started again, longer each time."""


def listening(host: str, port: int, *, authenticated: bool) -> socket.socket:
    """A bound socket. Raises `WrongUse` for a port that is taken, an address that is not ours, and for
    one that others reach while nobody would have to show a token."""
    if not is_local(host) and not authenticated:
        raise WrongUse(
            f"serve: {host} can be reached from other machines, and no token exists; make one first: "
            "dagnosis token create NAME --scope write"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
    except OSError as error:
        opened.close()
        reason = (error.strerror or str(error)).lower()
        raise WrongUse(f"serve: {host}:{port}: {reason}; choose another --port or --host") from None
    return opened


def run(
    app: Any,
    opened: socket.socket,
    *,
    watch: Callable[[bytes], None] | None = None,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGINT or SIGTERM; open requests are finished, then the watch is ended. With `watch`
    a watch runs beside it, which is told each line that the watch prints: a round as JSON."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE,
        h11_max_incomplete_event_size=64 * 1024,
        limit_concurrency=200,
        lifespan="off",
        ws="none",
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                started()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            """Ends the watch as well: behind `serve` it is too late, which raises the signal again."""
            await super().shutdown(sockets)
            if watching:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)

    watching: asyncio.Task[None] | None = None

    async def served() -> None:
        nonlocal watching
        asyncio.get_running_loop().run_in_executor(None, _warm)
        if watch:
            watching = asyncio.create_task(_watched(watch))
        await Server(config).serve(sockets=[opened])

    try:
        asyncio.run(served())
    except KeyboardInterrupt:
        return  # uvicorn raises the signal again when all is done


def _warm() -> None:
    """What the first visitor would wait for."""
    from dagnosis.logs.causes.catalogue import catalogue

    catalogue()


async def _watched(told: Callable[[bytes], None]) -> None:
    """The watch as a process of its own, so that pages do not wait for its work; started again where
    it ends by itself, but for wrong settings, which nobody mends while it runs."""
    ended = 0
    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "dagnosis", "watch", "--rounds",
            stdout=subprocess.PIPE, limit=LONGEST_ROUND,
        )  # fmt: skip
        try:
            await _read(process, told)
            code = await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise
        if code == WrongUse.exit_code:
            log.error(
                "the watch cannot run as it is set up (see above); the pages go on without it"
            )
            return
        wait = AGAIN[min(ended, len(AGAIN) - 1)]
        ended += 1
        log.error("the watch ended with code %s; started again in %s s", code, wait)
        await asyncio.sleep(wait)


async def _read(process: asyncio.subprocess.Process, told: Callable[[bytes], None]) -> None:
    assert process.stdout is not None
    while True:
        try:
            line = await process.stdout.readline()
        except ValueError:
            log.warning("a round of the watch was too long to be counted")
            continue
        if not line:
            return
        told(line)


async def _end(process: asyncio.subprocess.Process) -> None:
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), GRACE)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
