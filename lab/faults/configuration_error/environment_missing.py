"""An environment variable is missing on this worker."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A bare KeyError from os.environ: the frame is the only hint."""
    from lab.authoring import task

    @task
    def open_ledger() -> None:
        import os

        print("ledger service, region=eu-west-1")
        token = os.environ["LEDGER_API_TOKEN"]
        print(len(token))

    open_ledger()


FAULT = Fault(
    name="environment_missing",
    family="configuration_error",
    dag_id="ledger_open",
    cause="the environment variable is not set",
    states="LEDGER_API_TOKEN",
    accepted=("code_error",),
    build=build,
    twin=True,
)
