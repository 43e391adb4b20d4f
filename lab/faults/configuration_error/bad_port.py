"""A port in the configuration is no number."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ValueError of int() that names the value."""
    from lab.authoring import task

    @task
    def start_listener() -> None:
        settings = {"LISTENER_HOST": "0.0.0.0", "LISTENER_PORT": "80O0"}
        print(f"settings: {sorted(settings)}")
        try:
            port = int(settings["LISTENER_PORT"])
        except ValueError as error:
            raise ValueError("invalid setting LISTENER_PORT: must be a port number") from error
        print(port)

    start_listener()


FAULT = Fault(
    name="bad_port",
    family="configuration_error",
    dag_id="listener_start",
    cause="a setting is not a number",
    states="invalid setting LISTENER_PORT",
    accepted=("code_error", "data_error"),
    build=build,
)
