"""One index of a mapped task fails."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """map_index 2 of 4 has a bad amount."""
    from lab.authoring import task

    @task
    def list_stores() -> list:
        return ["12.5", "7.0", "1.299,00", "3"]

    @task
    def parse_turnover(text: str) -> float:
        return float(text)

    parse_turnover.expand(text=list_stores())


FAULT = Fault(
    name="mapped_one_of_many",
    family="data_error",
    dag_id="store_turnover",
    cause="'1.299,00' is no float",
    states="could not convert string to float",
    accepted=("code_error",),
    build=build,
    twin=True,
)
