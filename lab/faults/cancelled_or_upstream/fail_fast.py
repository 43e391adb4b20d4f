"""The run is stopped at the first failure, while another task runs."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """fail_fast: the other task is skipped and ended."""
    import time

    from lab.authoring import task

    @task
    def load_stores() -> None:
        time.sleep(6)
        raise ValueError("store 771 has no region")

    @task
    def load_products() -> None:
        for part in range(60):
            print(f"part {part} of 60 loaded, 0 rejected", flush=True)
            time.sleep(1)

    load_stores()
    load_products()


FAULT = Fault(
    name="fail_fast",
    family="cancelled_or_upstream",
    dag_id="branches_load",
    cause="another task of the run failed, and the run is fail_fast",
    states="Server indicated the task shouldn't be running anymore",
    dag_options={"fail_fast": True},
    task_id="load_products",
    labelled=("skipped", "failed"),
    transience="unknown",
    build=build,
)
