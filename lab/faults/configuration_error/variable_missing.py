"""A Variable that nobody set."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Variable.get without a default."""
    from lab.authoring import task

    @task
    def read_settings() -> str:
        from lab.authoring import Variable

        batch = Variable.get("export_batch")
        print(f"batch size {batch}")
        return Variable.get("export_target_bucket")

    read_settings()


FAULT = Fault(
    name="variable_missing",
    family="configuration_error",
    dag_id="settings_read",
    cause="the Variable is not set",
    states="export_target_bucket",
    states_in_2="Variable export_target_bucket does not exist",
    build=build,
    twin=True,
)
