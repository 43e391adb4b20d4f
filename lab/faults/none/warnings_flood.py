"""A success with hundreds of warnings."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """DeprecationWarning, FutureWarning and UserWarning in a flood."""
    from lab.authoring import task

    @task
    def clean_columns() -> int:
        import warnings

        warnings.simplefilter("always")
        for number in range(150):
            warnings.warn(
                f"column c{number} is all null and will raise an error in 4.0",
                FutureWarning,
                stacklevel=1,
            )
        warnings.warn("connection pool is full, discarding connection", UserWarning, stacklevel=1)
        return 150

    clean_columns()


FAULT = Fault(
    name="warnings_flood",
    family="none",
    dag_id="column_cleaning",
    cause="none: warnings",
    states=None,
    build=build,
)
