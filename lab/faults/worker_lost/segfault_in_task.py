"""Native code reads address 0 in the task process."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A real SIGSEGV, with the default handler."""
    from lab.authoring import task

    @task
    def warp_raster() -> None:
        import ctypes
        import signal

        # The parser of Airflow 3 installs a handler under which the task would hang for ever.
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        print("warping tile 17 of 240", flush=True)
        ctypes.string_at(0)

    warp_raster()


FAULT = Fault(
    name="segfault_in_task",
    family="worker_lost",
    dag_id="raster_warp",
    cause="native code read an invalid address, SIGSEGV",
    states="Received SIGSEGV",
    states_in_2="Task exited with return code -11",
    accepted=("code_error", "out_of_memory"),
    transience="unknown",
    twin=True,
    build=build,
)
