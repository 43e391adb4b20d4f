"""An exception that Python ignores."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`Exception ignored in: <function …__del__>` on stderr."""
    from lab.authoring import task

    class Handle:
        def __del__(self) -> None:
            raise OSError("handle already closed")

    @task
    def touch_handles() -> int:
        for _ in range(2):
            Handle()
        return 2

    touch_handles()


FAULT = Fault(
    name="ignored_in_del",
    family="none",
    dag_id="handles_touch",
    cause="none: errors in __del__",
    states=None,
    build=build,
)
