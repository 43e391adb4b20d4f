"""A C++ program follows a null pointer."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`Segmentation fault` from bash, exit code 139."""
    from lab.authoring import BashOperator

    BashOperator(task_id="solve_routes", bash_command="bash $JOBS_DIR/solve_routes.sh ")


FAULT = Fault(
    name="segfault_program",
    family="worker_lost",
    dag_id="routes_solve",
    cause="a C++ program read a null pointer",
    states="Segmentation fault",
    accepted=("code_error",),
    transience="unknown",
    needs=("g++",),
    twin=True,
    build=build,
)
