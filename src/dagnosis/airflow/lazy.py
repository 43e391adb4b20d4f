"""The web app of the plugin, loaded with its first request: a plugin is imported in every process of
Airflow, tasks included, and a task must not pay for pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from threading import Lock
from typing import Any

Message = MutableMapping[str, Any]


class LazyApp:
    """An ASGI app that makes the real one when it is first asked."""

    def __init__(self) -> None:
        self._made: Any = None
        self._lock = Lock()

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Hand a request on."""
        await self._app()(scope, receive, send)

    def _app(self) -> Any:
        with self._lock:
            if self._made is None:
                from dagnosis.airflow.views import made

                self._made = made()
            return self._made
