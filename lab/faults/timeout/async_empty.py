"""An asyncio timeout without a message."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """TimeoutError with an empty text."""
    from lab.authoring import task

    @task
    def poll_devices() -> None:
        import asyncio

        async def poll() -> None:
            async with asyncio.timeout(1):
                await asyncio.sleep(30)

        asyncio.run(poll())

    poll_devices()


FAULT = Fault(
    name="async_empty",
    family="timeout",
    dag_id="devices_poll",
    cause="asyncio timeout of 1 s",
    states="TimeoutError",
    transience="transient",
    build=build,
)
