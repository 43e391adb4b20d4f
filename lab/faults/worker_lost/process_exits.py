"""Native code ends the process."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """os._exit(7): no exception at all."""
    from lab.authoring import task

    @task
    def call_native_scorer() -> None:
        import os

        print("libscore 4.2: model loaded, 12 features", flush=True)
        os._exit(7)

    call_native_scorer()


FAULT = Fault(
    name="process_exits",
    family="worker_lost",
    dag_id="native_scorer",
    cause="os._exit(7) in native code",
    states="Process exited abnormally",
    accepted=("code_error",),
    transience="unknown",
    build=build,
)
