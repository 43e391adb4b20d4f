"""Arrow cannot allocate a buffer."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ArrowMemoryError."""
    from lab.authoring import task

    @task
    def gather_columns() -> int:
        import pyarrow

        print("gathering 4 columns of 9,000,000,000,000 rows")
        return pyarrow.allocate_buffer(4 * 9_000_000_000_000 * 8).size

    gather_columns()


FAULT = Fault(
    name="arrow_allocation",
    family="out_of_memory",
    dag_id="columns_gather",
    cause="an Arrow buffer of 288 TB",
    states="malloc of size",
    transience="permanent",
    build=build,
)
