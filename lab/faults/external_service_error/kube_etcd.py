"""The control plane of the cluster is in trouble."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """etcdserver: request timed out."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="pack_in_pod",
        bash_command="bash $JOBS_DIR/run_pod.sh archive year-pack  ",
    )


FAULT = Fault(
    name="kube_etcd",
    family="external_service_error",
    dag_id="pod_archive",
    cause="etcd of the cluster does not answer",
    states="etcdserver: request timed out",
    accepted=("timeout",),
    transience="transient",
    needs=("kubernetes", "kubectl"),
    build=build,
)
