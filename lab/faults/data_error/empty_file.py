"""A file of 0 bytes."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """pandas EmptyDataError."""
    import os

    from lab.authoring import task

    @task
    def read_landing_file() -> int:
        from pathlib import Path

        import pandas

        path = Path(os.environ["LANDING_DIR"]) / "sales_20261124.csv"
        path.write_bytes(b"")
        print(f"reading {path} ({path.stat().st_size} bytes)")
        return len(pandas.read_csv(path))

    read_landing_file()


FAULT = Fault(
    name="empty_file",
    family="data_error",
    dag_id="landing_read",
    cause="the supplier sent an empty file",
    states="No columns to parse from file",
    build=build,
    twin=True,
)
