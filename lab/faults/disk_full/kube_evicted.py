"""A pod is evicted for the disk that it used."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Evicted: low on ephemeral-storage."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="render_in_pod",
        bash_command="bash $JOBS_DIR/run_pod.sh batch tiles-render tiles-render-m2b8s ",
    )


FAULT = Fault(
    name="kube_evicted",
    family="disk_full",
    dag_id="pod_render",
    cause="the pod was evicted: ephemeral-storage",
    states="The node was low on resource: ephemeral-storage",
    accepted=("worker_lost", "rate_limit_quota"),
    transience="unknown",
    needs=("kubernetes", "kubectl"),
    build=build,
)
