"""A task returns complex numbers."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A complex number inside a list, which XCom cannot hold."""
    from lab.authoring import task

    @task
    def transform_signal() -> list:
        print("signal: 1024 samples")
        return [complex(1, 2), complex(0, 1)]

    transform_signal()


FAULT = Fault(
    name="complex_numbers",
    family="serialization_xcom",
    dag_id="signal_transform",
    cause="complex numbers as return value",
    states="Cannot serialize object of type",
    states_in_2="is not JSON serializable",
    accepted=("code_error",),
    build=build,
    twin=True,
)
