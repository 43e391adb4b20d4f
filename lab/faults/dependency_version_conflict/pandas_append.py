"""DataFrame.append was removed in pandas 2."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """AttributeError: 'DataFrame' object has no attribute 'append'."""
    from lab.authoring import task

    @task
    def collect_days() -> int:
        import pandas

        frame = pandas.DataFrame({"day": ["2026-11-23"]})
        return len(frame.append({"day": "2026-11-24"}, ignore_index=True))

    collect_days()


FAULT = Fault(
    name="pandas_append",
    family="dependency_version_conflict",
    dag_id="days_collect",
    cause="removed pandas API",
    states="'DataFrame' object has no attribute 'append'",
    accepted=("code_error",),
    build=build,
    twin=True,
)
