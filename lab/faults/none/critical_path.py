"""Logging at CRITICAL about a critical path."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The level is wrong, the run is fine."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("planning")

    @task
    def plan_routes() -> int:
        log.critical("critical path computed: 14 nodes, 0 conflicts")
        log.error("route 7 uses the fallback depot")
        return 14

    plan_routes()


FAULT = Fault(
    name="critical_path",
    family="none",
    dag_id="routes_plan",
    cause="none: wrong levels",
    states=None,
    build=build,
    twin=True,
)
