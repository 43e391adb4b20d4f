"""No node has room for a pod."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """FailedScheduling: Insufficient memory."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="train_in_pod",
        bash_command="bash $JOBS_DIR/run_pod.sh batch cohort-train cohort-train-z5v1c ",
    )


FAULT = Fault(
    name="kube_unschedulable",
    family="rate_limit_quota",
    dag_id="pod_train",
    cause="no node has enough memory left for the pod",
    states="Insufficient memory",
    accepted=("timeout", "external_service_error", "configuration_error", "out_of_memory"),
    transience="transient",
    needs=("kubernetes", "kubectl"),
    build=build,
)
