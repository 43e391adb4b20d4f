"""ExternalTaskSensor checks that the other DAG exists, with the ORM that Airflow 3 forbids."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """check_existence=True."""
    from lab.authoring import ExternalTaskSensor

    ExternalTaskSensor(
        task_id="wait_for_orders",
        external_dag_id="orders_load",
        check_existence=True,
        poke_interval=1,
        timeout=6,
    )


FAULT = Fault(
    name="check_existence",
    family="airflow_bug",
    dag_id="orders_wait",
    cause="the sensor",
    states="rror",
    build=build,
)
