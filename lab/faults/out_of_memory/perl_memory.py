"""A Perl script runs out of memory."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`Out of memory in perl` under ulimit -v."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="count_clicks",
        bash_command='ulimit -v 200000; perl -e \'print "reading clicks\\n"; my @rows; push @rows, "x" x 5_000_000 for 1..200; print scalar(@rows), "\\n"\'; code=$?; echo "clicks: no result written"; exit $code',
    )


FAULT = Fault(
    name="perl_memory",
    family="out_of_memory",
    dag_id="clicks_count",
    cause="a Perl script under ulimit -v",
    states="Out of memory",
    transience="unknown",
    needs=("perl",),
    build=build,
)
