"""A file never arrives."""

from __future__ import annotations

from datetime import timedelta

from lab.fault import Fault


def build() -> None:
    """AirflowSensorTimeout after quiet pokes."""
    from lab.authoring import FileSensor

    FileSensor(
        task_id="wait_for_invoice_file",
        filepath="/srv/inbox/invoices_20261125.csv",
        fs_conn_id="fs_inbox",
        poke_interval=1,
        timeout=timedelta(seconds=5).total_seconds(),
        mode="poke",
    )


FAULT = Fault(
    name="sensor",
    family="timeout",
    dag_id="invoice_inbox",
    cause="sensor timeout: the file never came",
    states="Sensor has timed out",
    accepted=("resource_not_found",),
    transience="unknown",
    build=build,
    twin=True,
)
