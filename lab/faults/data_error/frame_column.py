"""A frame lacks a column."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """pandas KeyError; two frames of pandas above it, and the message is only the name."""
    from lab.authoring import task

    @task
    def sum_turnover() -> float:
        import io

        import pandas

        frame = pandas.read_csv(io.StringIO("store,turn_over\n1,20\n"))
        return float(frame["turnover"].sum())

    sum_turnover()


FAULT = Fault(
    name="frame_column",
    family="data_error",
    dag_id="turnover_sum",
    cause="the column was renamed by the supplier",
    states="'turnover'",
    accepted=("code_error",),
    build=build,
    twin=True,
)
