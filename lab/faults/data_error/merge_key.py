"""A merge finds duplicates where it must not."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """pandas MergeError."""
    from lab.authoring import task

    @task
    def merge_prices() -> int:
        import pandas

        left = pandas.DataFrame({"sku": ["A", "B"], "n": [1, 2]})
        right = pandas.DataFrame({"sku": ["A", "A", "B"], "price": [3, 4, 5]})
        return len(left.merge(right, on="sku", validate="one_to_one"))

    merge_prices()


FAULT = Fault(
    name="merge_key",
    family="data_error",
    dag_id="prices_merge",
    cause="duplicate keys in the right frame",
    states="Merge keys are not unique in right dataset",
    build=build,
)
