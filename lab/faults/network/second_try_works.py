"""The first try cannot connect; the second try works."""

from __future__ import annotations

from datetime import timedelta

from lab.fault import Fault


def build() -> None:
    """retries=1: try 1 is network, try 2 is a success."""
    from lab.authoring import task

    @task(retries=1, retry_delay=timedelta(seconds=2))
    def open_gateway() -> int:
        import socket

        from lab.authoring import get_current_context

        if get_current_context()["ti"].try_number == 1:
            socket.create_connection(("127.0.0.1", 9), timeout=2)
        return 200

    open_gateway()


FAULT = Fault(
    name="second_try_works",
    family="network",
    dag_id="gateway_open",
    cause="connection refused in the first try",
    states="Connection refused",
    transience="transient",
    build=build,
    twin=True,
)
