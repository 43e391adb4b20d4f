"""A pickle was written by a class that moved."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Can't get attribute when loading a pickle."""
    from lab.authoring import task

    @task
    def load_model() -> None:
        import pickle

        print("loading model v12 (14 kB)")
        pickle.loads(
            b"\x80\x04\x95\x1f\x00\x00\x00\x00\x00\x00\x00\x8c\x08__main__\x94\x8c\x0eScorerV12Model\x94\x93\x94."
        )

    load_model()


FAULT = Fault(
    name="old_pickle",
    family="serialization_xcom",
    dag_id="model_load",
    cause="the pickled class is not there any more",
    states="ScorerV12Model",
    accepted=("dependency_version_conflict", "code_error", "data_error"),
    build=build,
)
