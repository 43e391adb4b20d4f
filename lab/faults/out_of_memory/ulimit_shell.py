"""A program hits the limit that the shell set."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """MemoryError under ulimit -v, at level INFO."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="index_ledger",
        bash_command='echo "indexing ledger"; ulimit -v 300000; python3 -c "index = {}\nfor part in range(400):\n    index[part] = bytearray(4 << 20)\n    part % 10 or print(f\'part {part} indexed\', flush=True)"; code=$?; echo "index removed"; exit $code',
    )


FAULT = Fault(
    name="ulimit_shell",
    family="out_of_memory",
    dag_id="ledger_index",
    cause="MemoryError under ulimit -v",
    states="MemoryError",
    transience="unknown",
    twin=True,
    build=build,
)
