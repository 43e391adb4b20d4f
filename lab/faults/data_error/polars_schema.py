"""polars meets text in a column of integers."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """polars ComputeError / SchemaError."""
    from lab.authoring import task

    @task
    def scan_quantities() -> int:
        import io

        import polars

        rows = "\n".join(str(n) for n in range(500)) + "\nunknown\n"
        return polars.read_csv(io.StringIO("quantity\n" + rows), infer_schema_length=50).height

    scan_quantities()


FAULT = Fault(
    name="polars_schema",
    family="data_error",
    dag_id="quantities_scan",
    cause="'unknown' in a column of integers",
    states="could not parse `unknown`",
    build=build,
)
