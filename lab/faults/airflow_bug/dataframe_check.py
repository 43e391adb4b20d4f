"""SQLColumnCheckOperator with an odd column name."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """TimeDeltaSensor in a run without a logical date."""
    from datetime import timedelta

    from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor

    TimeDeltaSensor(task_id="wait_a_moment", delta=timedelta(seconds=1), timeout=8)


FAULT = Fault(
    name="dataframe_check",
    family="airflow_bug",
    dag_id="moment_wait",
    cause="the sensor",
    states="rror",
    build=build,
)
