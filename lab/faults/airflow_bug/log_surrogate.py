"""A file name with a byte that is no UTF-8 is logged."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Python reads such a byte as a lone surrogate; logging it is legal."""
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
    name="log_surrogate",
    family="airflow_bug",
    dag_id="inbox_list",
    cause="the operator",
    states="rror",
    build=build,
)
