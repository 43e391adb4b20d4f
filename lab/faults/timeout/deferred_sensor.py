"""A deferrable sensor runs out of time."""

from __future__ import annotations

from datetime import timedelta

from lab.fault import Fault


def build() -> None:
    """A trigger that does not fire before the execution timeout of the deferral."""
    from lab.authoring import BaseOperator

    class ExportReadySensor(BaseOperator):
        """Waits for an export in the triggerer."""

        def execute(self, context):
            """Defer for an hour, with a timeout of 5 s."""
            from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

            self.log.info("Export 88213 is not ready, deferring")
            self.defer(
                trigger=TimeDeltaTrigger(timedelta(hours=1)),
                method_name="execute_complete",
                timeout=timedelta(seconds=5),
            )

        def execute_complete(self, context, event=None):
            """Never reached."""

    ExportReadySensor(task_id="wait_for_export")


FAULT = Fault(
    name="deferred_sensor",
    family="timeout",
    dag_id="export_wait",
    cause="the trigger timed out",
    states="Trigger timeout",
    accepted=("external_service_error",),
    transience="unknown",
    build=build,
)
