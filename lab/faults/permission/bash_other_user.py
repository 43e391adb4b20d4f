"""A script runs as a user that may not read the file."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """cat: …: Permission denied, some lines above the exit code."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="read_secrets",
        bash_command="f=$LANDING_DIR/secrets.$$; umask 077; echo key > $f; cd /; "
        "setpriv --reuid=65534 --regid=65534 --clear-groups cat $f; code=$?; rm -f $f; "
        'for n in 1 2 3 4 5 6; do echo "step $n skipped"; done; exit $code',
    )


FAULT = Fault(
    name="bash_other_user",
    family="permission",
    dag_id="secrets_read",
    cause="file mode does not let the user read",
    states="Permission denied",
    build=build,
    needs=("root", "setpriv"),
    twin=True,
)
