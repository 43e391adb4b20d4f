"""The clean-up in a finally block fails too, and its error is the outer one."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """An implicit context: the first exception is the cause, the last one a consequence."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("etl.load")

    @task
    def load_facts() -> None:
        handle = None
        try:
            batches = [1, 2, 3]
            log.info("Loading batch %s of %s", 4, len(batches))
            handle = batches[3]
        finally:
            log.info("Closing handle")
            handle.close()

    load_facts()


FAULT = Fault(
    name="finally_hides",
    family="code_error",
    dag_id="facts_load",
    cause="list index out of range; the finally block then raises AttributeError",
    states="list index out of range",
    note="the last exception raised is the clean-up's, not the cause",
    build=build,
    twin=True,
)
