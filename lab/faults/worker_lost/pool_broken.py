"""A worker process of a pool dies."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """BrokenProcessPool."""
    from lab.authoring import task

    @task
    def resize_images() -> list:
        import os
        from concurrent.futures import ProcessPoolExecutor

        with ProcessPoolExecutor(2) as pool:
            return [pool.submit(os._exit, 3).result() for _ in range(3)]

    resize_images()


FAULT = Fault(
    name="pool_broken",
    family="worker_lost",
    dag_id="images_resize",
    cause="a process of the pool died",
    states="A process in the process pool was terminated abruptly",
    accepted=("code_error", "out_of_memory"),
    transience="unknown",
    build=build,
    twin=True,
)
