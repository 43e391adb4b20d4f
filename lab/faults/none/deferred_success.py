"""A deferred task comes back and succeeds."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The triggerer wakes it after 3 s."""
    from datetime import timedelta

    from lab.authoring import BaseOperator

    class SlotSensor(BaseOperator):
        """Waits for a slot in the triggerer."""

        def execute(self, context):
            """Defer for three seconds."""
            from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

            self.log.warning("Slot is taken (error budget 0.3 %%), deferring")
            self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=3)), method_name="resume")

        def resume(self, context, event=None):
            """The slot is free."""
            self.log.info("Slot is free after 3 s, no timeout")

    SlotSensor(task_id="wait_for_slot")


FAULT = Fault(
    name="deferred_success",
    family="none",
    dag_id="slot_wait",
    cause="none: deferred, then done",
    states=None,
    build=build,
)
