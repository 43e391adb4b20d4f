"""A Perl script dies."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Can't locate object method … at line …"""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="convert_feed",
        bash_command='perl -e \'use strict; print "feed v2\\n"; my $r = {}; '
        'for my $n (1..5) { print "part $n ok\\n" } print Feed->parse($r);\'; code=$?; '
        'for n in $(seq 1 20); do echo "[convert] checking part $n"; done; exit $code',
    )


FAULT = Fault(
    name="perl_script",
    family="code_error",
    dag_id="feed_convert",
    cause="a missing method in a Perl script",
    states='Can\'t locate object method "parse" via package "Feed"',
    accepted=("missing_dependency",),
    build=build,
    needs=("perl",),
)
