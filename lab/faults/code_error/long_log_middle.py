"""A log of 20,000 lines with the cause in the middle."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The statement stands at line 9,001 of the script; the end only counts."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="replicate_rows",
        bash_command="awk 'BEGIN { for (n = 1; n <= 20000; n++) { "
        'if (n == 9001) { print "worker 3: panic: runtime error: index out of range [12] with length 12"; '
        'print "goroutine 41 [running]:"; '
        'print "main.(*Replicator).apply(0xc0000b2000, 0xd)"; '
        'print "\\t/build/replicator/apply.go:118 +0x1c5" } '
        'print "worker " n % 8 ": row " n " replicated, lag " n % 17 " ms, errors=0" } }\'; '
        "echo 'workers finished: 7 of 8'; exit 1",
    )


FAULT = Fault(
    name="long_log_middle",
    family="code_error",
    dag_id="rows_replicate",
    cause="a Go panic in one of eight workers",
    states="panic: runtime error: index out of range",
    note="11,000 harmless lines follow; output is printed by awk in the form of a Go program",
    build=build,
    twin=True,
)
