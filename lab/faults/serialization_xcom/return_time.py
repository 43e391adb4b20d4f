"""A time of day cannot be stored as XCom."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Dates can, datetime.time cannot."""
    from datetime import time

    from lab.authoring import task

    @task
    def read_opening_hours() -> dict:
        return {"store": 771, "opens": time(8, 30), "closes": time(20)}

    read_opening_hours()


FAULT = Fault(
    name="return_time",
    family="serialization_xcom",
    dag_id="opening_hours",
    cause="datetime.time as return value",
    states="Cannot serialize object of type <class 'datetime.time'>",
    accepted=("code_error",),
    build=build,
)
