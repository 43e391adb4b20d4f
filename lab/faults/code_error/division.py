"""A share is computed over a day without sales."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A division by zero after a noisy stdout."""
    from lab.authoring import task

    @task
    def compute_share() -> float:
        print("rows read: 0 (error rate 0.00 %)")
        print("WARNING no rows for 2026-11-24, going on")
        sold, returned = 0, 0
        return returned / sold

    compute_share()


FAULT = Fault(
    name="division",
    family="code_error",
    dag_id="returns_share",
    cause="division by zero on an empty day",
    states="division by zero",
    accepted=("data_error",),
    build=build,
    twin=True,
)
