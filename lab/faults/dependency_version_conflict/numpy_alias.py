"""np.float was removed in numpy 1.24."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """AttributeError: module 'numpy' has no attribute 'float'."""
    from lab.authoring import task

    @task
    def normalise() -> None:
        import numpy as np

        print(np.arange(4).astype(np.float))

    normalise()


FAULT = Fault(
    name="numpy_alias",
    family="dependency_version_conflict",
    dag_id="normalise_scores",
    cause="removed numpy alias",
    states="module 'numpy' has no attribute 'float'",
    accepted=("code_error",),
    build=build,
    twin=True,
)
