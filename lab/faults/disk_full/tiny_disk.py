"""The disk for intermediate files is full."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ENOSPC on a tmpfs of 384 kB."""
    import os

    from lab.authoring import task

    @task
    def spill_to_disk() -> None:
        from pathlib import Path

        folder = Path(os.environ["SCRATCH_DIR"])
        path = folder / f"spill-{os.getpid()}.bin"
        try:
            with path.open("wb") as sink:
                for block in range(200):
                    print(f"block {block} written")
                    sink.write(os.urandom(16384))
                    sink.flush()
        finally:
            path.unlink()

    spill_to_disk()


FAULT = Fault(
    name="tiny_disk",
    family="disk_full",
    dag_id="spill_sort",
    cause="no space left on device",
    states="No space left on device",
    transience="unknown",
    build=build,
    needs=("mounts",),
)
