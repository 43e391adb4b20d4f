"""An exception whose notes are None ends the task."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Seen with Airflow 3.3.2: the runner's last handler iterates over `__notes__`, fails itself, and
    ends the process with 126."""
    from lab.authoring import task

    class RuleError(Exception):
        """An error of a rules engine that keeps notes of its own."""

        __notes__ = None

    @task
    def apply_tariff() -> None:
        print("applying tariff 2026-11", flush=True)
        raise RuleError("rule 12: no rate for zone 7")

    apply_tariff()


FAULT = Fault(
    name="notes_of_exception",
    family="airflow_bug",
    dag_id="tariff_apply",
    cause="Airflow's own handler fails on an exception whose __notes__ is None",
    states="Process exited abnormally",
    accepted=("data_error", "code_error", "worker_lost"),
    note="exit code 126; the exception is lost",
    build=build,
)
