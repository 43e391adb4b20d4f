"""A C++ program does not link."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """undefined reference; collect2: error: ld returned 1 exit status."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="compile_scorer",
        bash_command="d=$(mktemp -d); cd $d; printf 'double score(double);\\nint main() { return score(2) > 1; }\\n' > main.cpp; "
        'for n in 1 2 3 4 5 6; do echo "[$((n * 16))%] Building CXX object part$n.o"; done; '
        'g++ main.cpp -o scorer; code=$?; rm -rf $d; echo "make: *** [Makefile:7: scorer] Error $code"; exit 2',
    )


FAULT = Fault(
    name="cpp_link",
    family="code_error",
    dag_id="scorer_compile",
    cause="a function that is declared, never defined",
    states="undefined reference to `score(double)'",
    accepted=("missing_dependency",),
    build=build,
    needs=("g++",),
)
