"""The process hits its memory limit."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """MemoryError under RLIMIT_AS: its message is empty."""
    from lab.authoring import task

    @task
    def pivot_wide() -> int:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (900 * 2**20, 900 * 2**20))
        chunks = []
        while True:
            chunks.append(bytearray(50 * 2**20))
            print(f"{len(chunks)} chunks of 50 MB in memory")

    pivot_wide()


FAULT = Fault(
    name="memory_error",
    family="out_of_memory",
    dag_id="pivot_wide",
    cause="MemoryError under a limit of 900 MB",
    states="MemoryError",
    transience="unknown",
    build=build,
    twin=True,
)
