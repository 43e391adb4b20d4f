"""The node of a pod is gone."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """NodeLost, as kubectl describes it."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="post_in_pod",
        bash_command="bash $JOBS_DIR/run_pod.sh batch ledger-post ledger-post-h8w3n ",
    )


FAULT = Fault(
    name="kube_node_lost",
    family="worker_lost",
    dag_id="pod_post",
    cause="the node of the pod is unresponsive",
    states="is unresponsive",
    accepted=("external_service_error", "network"),
    transience="transient",
    needs=("kubernetes", "kubectl"),
    build=build,
)
