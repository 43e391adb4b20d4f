"""Models use one thread, whatever the machine has, and give back what they took."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from dagnosis.forecast.models import make
from dagnosis.forecast.models.threads import Library, one_thread
from tests.forecast.making import rows


def threads(library: Library) -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == library]


@pytest.mark.parametrize("library", ["blas", "openmp"])
def test_one_within_and_as_before_after(library: Library) -> None:
    pytest.importorskip("sklearn.ensemble")
    with one_thread(library):
        pass  # libraries are loaded
    if not threads(library):
        pytest.skip(f"NumPy and scikit-learn have no {library} here whose threads can be counted")
    with threadpool_limits(2):
        before = threads(library)
        with one_thread(library):
            within = threads(library)
        assert threads(library) == before
    assert 1 in within
    assert sum(within) < sum(before)


@pytest.mark.parametrize("name", ["boosted", "logistic", "prior"])
def test_the_machine_changes_no_forecast(name: str) -> None:
    data, labels, weights = rows(800)
    said = []
    for allowed in (1, 2):
        with threadpool_limits(allowed):
            said.append(make(name).fit(data, labels, weights).predict(data))
    np.testing.assert_array_equal(said[0], said[1])
