"""A NaN in an XCom, which Airflow's JSON does not take."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """float('nan') pushed as return value."""
    from lab.authoring import task

    @task
    def mean_of_nothing() -> dict:
        return {"mean": float("nan"), "max": float("inf")}

    @task
    def use_mean(value: dict) -> None:
        print(value)

    use_mean(mean_of_nothing())


FAULT = Fault(
    name="nan_in_xcom",
    family="serialization_xcom",
    dag_id="mean_share",
    cause="NaN in an XCom",
    states="Out of range float values are not JSON compliant",
    accepted=("data_error", "code_error", "airflow_bug"),
    note="the message says API_SERVER_ERROR",
    build=build,
)
