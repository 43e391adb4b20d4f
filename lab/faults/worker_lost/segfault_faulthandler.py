"""A Python child crashes in native code and its fault handler says where."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Fatal Python error: Segmentation fault."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="embed_texts",
        bash_command='echo "embedding 512 texts"; python3 -X faulthandler -c "import ctypes\ndef encode(batch):\n    return ctypes.string_at(batch)\nencode(0)"; code=$?; echo "embedding service stopped"; exit $code',
    )


FAULT = Fault(
    name="segfault_faulthandler",
    family="worker_lost",
    dag_id="texts_embed",
    cause="native code crashed in a Python child",
    states="Fatal Python error: Segmentation fault",
    accepted=("code_error",),
    transience="unknown",
    twin=True,
    build=build,
)
