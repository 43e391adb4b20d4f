"""tar writes to a full disk."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """tar: …: Cannot write: No space left on device; then a summary."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="archive_logs",
        bash_command="d=$(mktemp -d); head -c 2000000 /dev/urandom > $d/day.bin; "
        "cp $d/day.bin $SCRATCH_DIR/day.$$; code=$?; rm -rf $d $SCRATCH_DIR/day.$$; "
        "echo 'archived 0 of 1 files'; exit $code",
    )


FAULT = Fault(
    name="tar_no_space",
    family="disk_full",
    dag_id="logs_archive",
    cause="cp to a full disk",
    states="No space left on device",
    transience="unknown",
    build=build,
    needs=("mounts",),
)
