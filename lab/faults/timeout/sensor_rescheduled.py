"""A sensor that frees its worker between pokes runs out of time."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Every poke appends to the same log."""
    from lab.authoring import FileSensor

    FileSensor(
        task_id="wait_for_feed_file",
        filepath="/srv/inbox/feed_20261125.csv",
        fs_conn_id="fs_inbox",
        poke_interval=2,
        timeout=14,
        mode="reschedule",
    )


FAULT = Fault(
    name="sensor_rescheduled",
    family="timeout",
    dag_id="feed_inbox",
    cause="sensor timeout in reschedule mode: the file never came",
    states="Sensor has timed out",
    accepted=("resource_not_found",),
    transience="unknown",
    twin=True,
    build=build,
)
