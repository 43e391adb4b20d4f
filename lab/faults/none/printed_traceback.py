"""A traceback printed to stderr of an error that was handled."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """traceback.print_exc, then a fallback."""
    from lab.authoring import task

    @task
    def read_preferences() -> dict:
        import traceback

        try:
            open("/etc/acme/preferences.yaml")
        except FileNotFoundError:
            traceback.print_exc()
            print("falling back to defaults")
        return {"batch": 500}

    read_preferences()


FAULT = Fault(
    name="printed_traceback",
    family="none",
    dag_id="preferences",
    cause="none: an optional file is missing",
    states=None,
    build=build,
    twin=True,
)
