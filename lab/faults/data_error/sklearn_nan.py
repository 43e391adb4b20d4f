"""A model is given NaN."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ValueError: Input X contains NaN."""
    from lab.authoring import task

    @task
    def fit_segments() -> float:
        import numpy
        from sklearn.linear_model import LogisticRegression

        features = numpy.array([[1.0, 2.0], [numpy.nan, 1.0], [3.0, 4.0]])
        return float(LogisticRegression().fit(features, [0, 1, 0]).score(features, [0, 1, 0]))

    fit_segments()


FAULT = Fault(
    name="sklearn_nan",
    family="data_error",
    dag_id="segments_fit",
    cause="NaN in the features",
    states="Input X contains NaN",
    accepted=("code_error",),
    build=build,
)
