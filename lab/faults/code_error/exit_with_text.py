"""A script ends itself with a text."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """sys.exit("text") inside a task: Airflow 3 logs it as exit_code."""
    import sys

    from lab.authoring import task

    @task
    def export_ledger() -> None:
        print("ledger export, mode=full")
        sys.exit("export aborted: AssertionError: period 2026-13 is not a month")

    export_ledger()


FAULT = Fault(
    name="exit_with_text",
    family="code_error",
    dag_id="ledger_export",
    cause="sys.exit with the text of a failed assertion",
    states="period 2026-13 is not a month",
    accepted=("data_error",),
    note="no traceback; the text is the exit code",
    build=build,
)
