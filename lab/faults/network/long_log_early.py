"""A log of 20,000 lines with the cause near its start."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The connection to the sink is lost at line 40; later lines only buffer."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("stream.sink")

    @task
    def stream_to_sink() -> None:
        import socket

        for number in range(20000):
            if number == 40:
                try:
                    socket.create_connection(("127.0.0.1", 9), timeout=2)
                except OSError as error:
                    log.warning("sink connection lost: %s; buffering from here", error)
            else:
                log.info("event %d accepted, buffer %d, errors 0", number, max(0, number - 40))
        raise RuntimeError("buffer of 19,960 events was not delivered")

    stream_to_sink()


FAULT = Fault(
    name="long_log_early",
    family="network",
    dag_id="sink_stream",
    cause="connection refused early; the task buffers until its end",
    states="sink connection lost",
    note="the final exception names a consequence; the cause is a WARNING at line 40",
    accepted=("external_service_error",),
    transience="transient",
    build=build,
)
