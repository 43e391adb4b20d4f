"""A file name with a byte that is no UTF-8 stands in an exception's message."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Python reads such a byte as a lone surrogate. Seen with Airflow 3.3.2: the runner's last
    exception handler raises UnicodeEncodeError and ends the process with 125."""
    import logging

    from lab.authoring import task

    log = logging.getLogger("etl.files")

    @task
    def list_inbox() -> int:
        import os
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            open(os.fsencode(folder) + b"/rechnung_\xe4.pdf", "wb").close()
            for name in os.listdir(folder):
                log.info("found %s", name)
                raise ValueError(f"cannot read {name}")
        return 1

    list_inbox()


FAULT = Fault(
    name="surrogate_in_message",
    family="airflow_bug",
    dag_id="inbox_list",
    cause="Airflow's own handler cannot encode the lone surrogate in an exception's message",
    states="Process exited abnormally",
    accepted=("data_error", "code_error", "worker_lost"),
    note="exit code 125; the exception is lost, only the scheduler's output has it",
    build=build,
)
