"""The namespace has used up its quota."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Forbidden, but for a quota."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="fit_in_pod",
        bash_command="bash $JOBS_DIR/run_pod.sh science cohort-fit  ",
    )


FAULT = Fault(
    name="kube_quota",
    family="rate_limit_quota",
    dag_id="pod_cohorts",
    cause="resource quota of the namespace exceeded",
    states="exceeded quota: science-compute",
    accepted=("permission",),
    transience="unknown",
    needs=("kubernetes", "kubectl"),
    note="the reason is Forbidden; the cause is a quota",
    build=build,
)
