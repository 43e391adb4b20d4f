"""A C++ program runs out of memory and aborts."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """terminate called after throwing an instance of 'std::bad_alloc'."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="score_native",
        bash_command="d=$(mktemp -d); cd $d; printf '#include <vector>\\n#include <cstdio>\\n"
        'int main() { std::puts("scoring 4 shards"); std::fflush(stdout);'
        " std::vector<char> v(1ull << 46); return v[0]; }\\n' > score.cpp; "
        "g++ -O1 score.cpp -o score && ./score; code=$?; rm -rf $d; "
        "echo 'scoring ended'; exit $code",
    )


FAULT = Fault(
    name="cpp_bad_alloc",
    family="out_of_memory",
    dag_id="native_scoring",
    cause="std::bad_alloc",
    states="std::bad_alloc",
    build=build,
    needs=("g++",),
)
