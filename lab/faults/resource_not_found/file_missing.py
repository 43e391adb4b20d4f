"""Yesterday's partition is not there."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """FileNotFoundError from pandas."""
    import os

    from lab.authoring import task

    @task
    def read_partition() -> int:
        import pandas

        path = os.environ["LANDING_DIR"] + "/dt=2026-11-24/part-0.csv"
        return len(pandas.read_csv(path))

    read_partition()


FAULT = Fault(
    name="file_missing",
    family="resource_not_found",
    dag_id="partition_read",
    cause="the file does not exist",
    states="No such file or directory",
    transience="unknown",
    build=build,
    twin=True,
)
