"""A shared library is not on the machine."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """OSError: libxyz.so: cannot open shared object file."""
    from lab.authoring import task

    @task
    def read_raster() -> None:
        import ctypes

        ctypes.CDLL("libgdal.so.34")

    read_raster()


FAULT = Fault(
    name="shared_library",
    family="missing_dependency",
    dag_id="raster_read",
    cause="a shared library is missing",
    states="libgdal.so.34: cannot open shared object file",
    build=build,
    twin=True,
)
