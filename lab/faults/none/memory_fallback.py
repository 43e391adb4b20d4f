"""A MemoryError is avoided."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Logged as an error, then done in chunks."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("etl.chunks")

    @task
    def aggregate_in_chunks() -> int:
        import numpy

        try:
            numpy.zeros((9_000_000, 4_000_000))
        except MemoryError:
            log.exception("Full aggregation ran out of memory, going on in chunks of 1,000 rows")
        return sum(range(1000))

    aggregate_in_chunks()


FAULT = Fault(
    name="memory_fallback",
    family="none",
    dag_id="chunked_aggregation",
    cause="none: fell back to chunks",
    states=None,
    build=build,
)
