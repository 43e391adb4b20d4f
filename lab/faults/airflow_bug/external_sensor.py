"""ExternalTaskSensor in a run without a logical date."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The sensor takes the logical date as given."""
    from lab.authoring import ExternalTaskSensor

    ExternalTaskSensor(
        task_id="wait_for_prices", external_dag_id="prices_scan", poke_interval=1, timeout=6
    )


FAULT = Fault(
    name="external_sensor",
    family="airflow_bug",
    dag_id="prices_wait",
    cause="the sensor",
    states="rror",
    build=build,
)
