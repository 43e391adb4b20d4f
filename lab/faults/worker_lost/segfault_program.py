"""A C++ program follows a null pointer."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`Segmentation fault` from bash, exit code 139."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="solve_routes",
        bash_command='d=$(mktemp -d); cd $d; printf \'#include <cstdio>\\nint main() { for (int n = 1; n < 40; ++n) std::printf("vehicle %%d: cost %%d\\\\n", n, n * 17 % 23); std::fflush(stdout); int *next = nullptr; return *next; }\\n\' > main.cpp; g++ -O0 main.cpp -o solver && ./solver; code=$?; cd /; rm -rf $d; echo "solver ended with $code"; exit $code',
    )


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
