"""rsync-like copy over ssh: connection refused."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ssh: connect to host … port …: Connection refused; lost connection."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="copy_to_branch",
        bash_command="f=$(mktemp); echo data > $f; "
        "scp -P $CLOSED_PORT -o BatchMode=yes -o StrictHostKeyChecking=no $f acme@127.0.0.1:/in/; code=$?; "
        "rm -f $f; echo 'copy: 0 of 1 files'; exit $code",
    )


FAULT = Fault(
    name="ssh_refused",
    family="network",
    dag_id="branch_copy",
    cause="the SSH server refuses the connection",
    states="Connection refused",
    transience="transient",
    build=build,
    needs=("scp",),
    twin=True,
)
