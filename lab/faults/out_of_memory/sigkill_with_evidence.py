"""The task is killed after it logged that memory runs short."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """SIGKILL, with the program's own memory warnings before it."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.features")

    @task
    def join_features() -> None:
        import signal

        for gigabytes in (3.1, 5.7, 7.8):
            log.warning("rss %.1f GiB of 8.0 GiB container limit", gigabytes)
        log.critical("memory limit reached: 7.99 GiB of 8.0 GiB, the kernel will kill this process")
        os.kill(os.getpid(), signal.SIGKILL)

    join_features()


FAULT = Fault(
    name="sigkill_with_evidence",
    family="out_of_memory",
    dag_id="features_join",
    cause="memory of the container used up (simulated with SIGKILL)",
    states="memory limit reached: 7.99 GiB of 8.0 GiB",
    accepted=("worker_lost",),
    transience="unknown",
    build=build,
)
