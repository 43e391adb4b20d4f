"""One thread for the numerical libraries under the models.

They split every small step (a block of rows on one tree, the histograms of one leaf, a product of
matrices) over all cores and wait for the slowest, actively. On a machine that does other work the
waiting costs more than the steps do; and sums made by one thread are the same on every machine.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any, Literal, TypeAlias

Library: TypeAlias = Literal["blas", "openmp"]
"""BLAS: NumPy's products of matrices, limited for the whole process meanwhile. OpenMP: scikit-learn's
boosted trees, limited for the calling thread."""


def one_thread(library: Library) -> AbstractContextManager[Any]:
    """Within it, the library has one thread."""
    limits: AbstractContextManager[Any] = _pools(library).limit(limits=1)
    return limits


@cache
def _pools(library: Library) -> Any:
    from threadpoolctl import ThreadpoolController

    if library == "openmp":
        import sklearn.ensemble  # noqa: F401 - limits hold for libraries that are loaded
    return ThreadpoolController().select(user_api=library)
