"""The DAG file parses for the scheduler, not for the worker."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The first task moves the settings that the file reads when it is parsed."""
    import json
    import os
    from pathlib import Path

    from lab.authoring import task

    settings = Path(os.environ["JOBS_DIR"]) / "streams.json"
    streams = json.loads(settings.read_text())

    @task
    def rotate_settings() -> None:
        settings.rename(settings.with_suffix(".bak"))

    @task
    def read_streams() -> None:
        print(streams)

    rotate_settings() >> read_streams()


FAULT = Fault(
    name="file_gone_on_worker",
    family="configuration_error",
    dag_id="streams_rotate",
    cause="the settings file read at parse time is gone on the worker",
    states="streams.json",
    accepted=("resource_not_found", "dag_definition_error"),
    build=build,
)
