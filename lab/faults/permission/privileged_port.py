"""A process without rights binds a low port."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Permission denied when binding port 443, in a Python script run by bash."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="serve_preview",
        bash_command="cd /; sysctl -n net.ipv4.ip_unprivileged_port_start; "
        "setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all "
        '/usr/bin/perl -MIO::Socket::INET -e \'IO::Socket::INET->new(LocalAddr => "127.0.0.1", '
        'LocalPort => 443, Listen => 1) or die "cannot listen on 443: $!\\n"\'',
    )


FAULT = Fault(
    name="privileged_port",
    family="permission",
    dag_id="preview_serve",
    cause="binding a privileged port",
    states="cannot listen on 443: Permission denied",
    build=build,
    needs=("root", "setpriv", "perl"),
)
