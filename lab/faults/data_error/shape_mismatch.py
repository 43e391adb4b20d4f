"""Two arrays do not fit together."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """numpy: operands could not be broadcast."""
    from lab.authoring import task

    @task
    def weigh_scores() -> float:
        import numpy

        return float((numpy.ones((403, 3)) * numpy.ones((402, 3))).sum())

    weigh_scores()


FAULT = Fault(
    name="shape_mismatch",
    family="data_error",
    dag_id="scores_weigh",
    cause="402 weights for 403 scores",
    states="operands could not be broadcast together",
    accepted=("code_error",),
    build=build,
    twin=True,
)
