"""A file is no Parquet file."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ArrowInvalid: Parquet magic bytes not found."""
    from lab.authoring import task

    @task
    def read_parquet_day() -> int:
        import io

        import pandas

        return len(pandas.read_parquet(io.BytesIO(b"PAR1" + bytes(200))))

    read_parquet_day()


FAULT = Fault(
    name="parquet_broken",
    family="data_error",
    dag_id="parquet_day",
    cause="a truncated Parquet file",
    states="Parquet magic bytes not found in footer",
    build=build,
)
