"""Two files of one data set have different schemas."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """pyarrow.lib.ArrowInvalid."""
    from lab.authoring import task

    @task
    def concatenate_days() -> int:
        import pyarrow as pa

        first = pa.table({"id": [1], "amount": [2.5]})
        second = pa.table({"id": ["A-1"], "amount": [2.5]})
        return pa.concat_tables([first, second]).num_rows

    concatenate_days()


FAULT = Fault(
    name="arrow_schema",
    family="data_error",
    dag_id="days_concatenate",
    cause="id is int64 in one file and string in the other",
    states="Schema at index 1 was different",
    build=build,
)
