"""Redis is down."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """redis.exceptions.ConnectionError after a warning for each try."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("features.cache")

    @task
    def warm_cache() -> None:
        import redis

        client = redis.Redis(host="127.0.0.1", port=int(os.environ["CLOSED_PORT"]))
        for attempt in range(3):
            try:
                client.ping()
            except redis.ConnectionError as error:
                log.warning("cache not ready (attempt %d): %s", attempt + 1, type(error).__name__)
        client.set("model", "v12")

    warm_cache()


FAULT = Fault(
    name="redis_refused",
    family="network",
    dag_id="cache_warm",
    cause="Redis refuses the connection",
    states="Error 111 connecting to 127.0.0.1",
    accepted=("external_service_error",),
    transience="transient",
    build=build,
)
