"""ssh is refused with the key that it has."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Permission denied (publickey,password): authentication, though it says permission."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="list_branch_files",
        bash_command="ssh -p $PARTNER_SSH_PORT -o BatchMode=yes -o StrictHostKeyChecking=no "
        "-o UserKnownHostsFile=/dev/null acme@127.0.0.1 ls /in; code=$?; "
        'for n in $(seq 1 15); do echo "branch $n: skipped"; done; exit $code',
    )


FAULT = Fault(
    name="ssh_public_key",
    family="authentication",
    dag_id="branch_list",
    cause="the server accepts none of the keys",
    states="Permission denied (",
    accepted=("permission",),
    note="reads like a permission problem",
    build=build,
    needs=("ssh",),
)
