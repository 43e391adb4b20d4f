"""A task with trigger rule all_done works on what an upstream failure left out."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The downstream fails since its upstream pushed nothing."""
    from lab.authoring import task

    @task
    def extract_numbers() -> list:
        raise RuntimeError("source offline for planned maintenance until 06:00")

    @task(trigger_rule="all_done")
    def summarise_numbers() -> int:
        from lab.authoring import AirflowFailException, get_current_context

        numbers = get_current_context()["ti"].xcom_pull(task_ids="extract_numbers")
        print(f"pulled {numbers!r}")
        if numbers is None:
            raise AirflowFailException("upstream extract_numbers failed, nothing to summarise")
        return sum(numbers)

    extract_numbers() >> summarise_numbers()


FAULT = Fault(
    name="upstream_result_missing",
    family="cancelled_or_upstream",
    dag_id="numbers_summary",
    cause="the upstream task failed (its own cause: source in maintenance)",
    states="upstream extract_numbers failed",
    task_id="summarise_numbers",
    accepted=("external_service_error",),
    transience="transient",
    build=build,
)
