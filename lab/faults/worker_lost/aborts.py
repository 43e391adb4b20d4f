"""Native code calls abort()."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """SIGABRT in the task process."""
    import os

    from lab.authoring import task

    @task
    def simulate_paths() -> None:
        print("libpaths 2.1: assertion `n > 0' failed", flush=True)
        os.abort()

    simulate_paths()


FAULT = Fault(
    name="aborts",
    family="worker_lost",
    dag_id="paths_simulation",
    cause="a failed assertion in native code, SIGABRT",
    states="assertion `n > 0' failed",
    accepted=("code_error",),
    note="both lines matter: the assertion and the signal",
    build=build,
)
