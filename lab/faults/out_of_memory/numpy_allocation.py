"""numpy cannot allocate an array."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """_ArrayMemoryError: Unable to allocate … GiB."""
    from lab.authoring import task

    @task
    def build_matrix() -> float:
        import numpy

        print("sparse path disabled, building dense matrix")
        return float(numpy.zeros((9_000_000, 4_000_000)).sum())

    build_matrix()


FAULT = Fault(
    name="numpy_allocation",
    family="out_of_memory",
    dag_id="matrix_build",
    cause="numpy array of 262 TiB",
    states="Unable to allocate",
    accepted=("code_error",),
    build=build,
    twin=True,
)
