"""A script asks to be skipped with exit code 99."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Bash command returned exit code 99. Skipping."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="load_if_weekday",
        bash_command="echo 'weekend: error budget untouched'; exit 99",
    )


FAULT = Fault(
    name="bash_99",
    family="cancelled_or_upstream",
    dag_id="weekday_load",
    cause="skipped on purpose by exit code 99",
    states="exit code 99",
    transience="unknown",
    labelled=("skipped",),
    build=build,
    twin=True,
)
