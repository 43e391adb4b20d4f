"""A folder is mounted read-only."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """EROFS from pandas.to_csv."""
    from lab.authoring import task

    @task
    def write_archive_copy() -> None:
        import os

        import pandas

        pandas.DataFrame({"id": [1]}).to_csv(os.environ["ARCHIVE_DIR"] + "/copy.csv")

    write_archive_copy()


FAULT = Fault(
    name="read_only_disk",
    family="permission",
    dag_id="archive_copy",
    cause="read-only file system",
    states="Read-only file system",
    accepted=("configuration_error", "disk_full"),
    build=build,
    needs=("mounts",),
    twin=True,
)
