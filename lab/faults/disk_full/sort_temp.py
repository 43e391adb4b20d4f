"""sort has no room for its temporary files."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """sort: write failed."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="sort_keys",
        bash_command='export TMPDIR=$SCRATCH_DIR; echo "sorting keys"; seq 900000 -1 1 | sort -n -S 1M --parallel=1 -o /dev/null; code=$?; echo "sorted file not published"; exit $code',
    )


FAULT = Fault(
    name="sort_temp",
    family="disk_full",
    dag_id="keys_sort",
    cause="no space left for the temporary files of sort",
    states="No space left on device",
    needs=("mounts",),
    twin=True,
    build=build,
)
