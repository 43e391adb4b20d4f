"""Sixty attempts, each raised from the one before."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The log line of the exception holds a chain of sixty; Airflow 2 cuts such a chain."""
    import os

    from lab.authoring import task

    @task
    def call_gateway() -> None:
        import socket

        port = int(os.environ["CLOSED_PORT"])
        error = None
        for attempt in range(1, 61):
            try:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1)
                except OSError as now:
                    raise RuntimeError(f"attempt {attempt} of 60 failed") from (error or now)
            except RuntimeError as kept:
                error = kept
        raise error

    call_gateway()


FAULT = Fault(
    name="chained_retries",
    family="network",
    dag_id="gateway_retry",
    cause="connection refused, behind a chain of 60 exceptions",
    states="Connection refused",
    transience="transient",
    accepted=("external_service_error",),
    build=build,
)
