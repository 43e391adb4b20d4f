"""A settings file is no JSON."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A JSONDecodeError that comes from configuration, not from data."""
    from lab.authoring import task

    class SettingsError(Exception):
        pass

    @task
    def apply_settings() -> None:
        import json

        text = '{"retries": 3, "targets": ["eu", "us",]}'
        try:
            json.loads(text)
        except ValueError as error:
            raise SettingsError("config/targets.json cannot be read") from error

    apply_settings()


FAULT = Fault(
    name="json_settings",
    family="configuration_error",
    dag_id="settings_apply",
    cause="a trailing comma in a settings file",
    states="config/targets.json cannot be read",
    accepted=("code_error", "data_error"),
    build=build,
    twin=True,
)
