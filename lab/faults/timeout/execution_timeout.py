"""A task exceeds its execution_timeout."""

from __future__ import annotations

from datetime import timedelta

from lab.fault import Fault


def build() -> None:
    """AirflowTaskTimeout."""
    import time

    from lab.authoring import task

    @task(execution_timeout=timedelta(seconds=4))
    def rebuild_index() -> None:
        for percent in range(0, 100, 10):
            print(f"index {percent} % done, 0 errors")
            time.sleep(1)

    rebuild_index()


FAULT = Fault(
    name="execution_timeout",
    family="timeout",
    dag_id="index_rebuild",
    cause="execution_timeout of 4 s",
    states="AirflowTaskTimeout",
    transience="unknown",
    build=build,
    twin=True,
)
