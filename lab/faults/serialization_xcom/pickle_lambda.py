"""A process pool is given a lambda."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """PicklingError: Can't pickle <function <lambda>>."""
    from lab.authoring import task

    @task
    def score_in_parallel() -> list:
        from concurrent.futures import ProcessPoolExecutor

        with ProcessPoolExecutor(2) as pool:
            return list(pool.map(lambda n: n * 2, range(4)))

    score_in_parallel()


FAULT = Fault(
    name="pickle_lambda",
    family="serialization_xcom",
    dag_id="parallel_score",
    cause="a lambda cannot be pickled",
    states="Can't pickle local object",
    accepted=("code_error",),
    build=build,
    twin=True,
)
