"""A task skips itself on purpose."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """AirflowSkipException with a reason."""
    from lab.authoring import task

    @task
    def load_if_new() -> None:
        from lab.authoring import AirflowSkipException

        print("no new files since 2026-11-23")
        raise AirflowSkipException("no new files, nothing to load")

    load_if_new()


FAULT = Fault(
    name="skip_exception",
    family="cancelled_or_upstream",
    dag_id="new_files",
    cause="skipped on purpose",
    states="no new files, nothing to load",
    transience="unknown",
    labelled=("skipped",),
    build=build,
    twin=True,
)
