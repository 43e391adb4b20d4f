"""A script ends itself with 0."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """sys.exit(0) in a subprocess that wrote FATAL before."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="probe_hosts",
        bash_command='python3 -c \'import sys; print("FATAL: host b unreachable (optional)", '
        "file=sys.stderr); sys.exit(0)'; echo 'probe ended with exit code 0'",
    )


FAULT = Fault(
    name="exit_zero",
    family="none",
    dag_id="hosts_probe",
    cause="none: an optional host",
    states=None,
    build=build,
    twin=True,
)
