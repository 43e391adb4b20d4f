"""The task process is killed by the kernel for its memory."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A real memory cgroup of 120 MB."""
    import os
    import time

    from lab.authoring import task

    @task
    def build_matrix() -> int:
        with open(os.environ["BATCH_CGROUP"] + "/cgroup.procs", "w") as group:
            group.write(str(os.getpid()))
        blocks = []
        for block in range(100):
            blocks.append(bytearray(8 * 2**20))
            print(f"block {block} of 100 built, {8 * (block + 1)} MB held", flush=True)
            time.sleep(0.02)
        return len(blocks)

    build_matrix()


FAULT = Fault(
    name="cgroup_task",
    family="out_of_memory",
    dag_id="kernel_matrix",
    cause="killed by the OOM killer at the cgroup limit of 120 MB",
    states="Likely out of memory error",
    states_in_2="Task exited with return code -9",
    accepted=("worker_lost",),
    transience="unknown",
    needs=("cgroup",),
    twin=True,
    note="a real kill by the kernel; the log does not state the limit",
    build=build,
)
