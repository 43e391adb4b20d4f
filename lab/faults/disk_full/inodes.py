"""The disk has room, but no inode is left."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ENOSPC from open()."""
    import os

    from lab.authoring import task

    @task
    def write_thumbnails() -> None:
        folder = os.environ["SPOOL_DIR"]
        disk = os.statvfs(folder)
        print(f"spool: {disk.f_bavail * disk.f_frsize // 1024} kB free")
        for number in range(60):
            with open(f"{folder}/thumb_{number:04}.png", "wb") as sink:
                sink.write(b"x")

    write_thumbnails()


FAULT = Fault(
    name="inodes",
    family="disk_full",
    dag_id="thumbnails_write",
    cause="no inode left",
    states="No space left on device",
    needs=("mounts",),
    transience="permanent",
    note="statvfs says that space is free",
    build=build,
)
