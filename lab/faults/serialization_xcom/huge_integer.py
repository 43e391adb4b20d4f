"""A very large integer is returned."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """An integer beyond 64 bits in an XCom."""
    from lab.authoring import task

    @task
    def multiply_keys() -> dict:
        return {"product": 2**80, "names": {1: "a", (2, 3): "b"}}

    multiply_keys()


FAULT = Fault(
    name="huge_integer",
    family="serialization_xcom",
    dag_id="keys_multiply",
    cause="an integer beyond 64 bits in the return value",
    states="can't serialize ints",
    accepted=("data_error", "code_error", "airflow_bug"),
    build=build,
)
