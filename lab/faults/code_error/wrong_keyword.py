"""A callable gets an argument that it does not take."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PythonOperator with op_kwargs that a rename left behind."""
    from lab.authoring import PythonOperator

    def publish(table: str, mode: str) -> None:
        print(f"publishing {table} in mode {mode}")

    PythonOperator(
        task_id="publish_table",
        python_callable=publish,
        op_kwargs={"table": "sales", "write_mode": "append"},
    )


FAULT = Fault(
    name="wrong_keyword",
    family="code_error",
    dag_id="publish_sales",
    cause="op_kwargs does not match the callable's parameters",
    states="missing 1 required positional argument: 'mode'",
    accepted=("dag_definition_error",),
    build=build,
    twin=True,
)
