"""ExternalPythonOperator cannot hand its arguments over."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The arguments hold a lock, which pickle and dill refuse."""
    import sys
    import threading

    from lab.authoring import ExternalPythonOperator

    def export(guard, day):
        print(day)

    ExternalPythonOperator(
        task_id="export_isolated",
        python=sys.executable,
        python_callable=export,
        op_args=[threading.Lock(), "2026-11-24"],
        expect_airflow=False,
    )


FAULT = Fault(
    name="external_python",
    family="serialization_xcom",
    dag_id="isolated_export",
    cause="op_args hold a lock",
    states="cannot pickle",
    accepted=("code_error", "dag_definition_error"),
    build=build,
)
