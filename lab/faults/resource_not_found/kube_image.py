"""A pod cannot pull its image."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ImagePullBackOff, as kubectl describes it."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="merge_in_pod",
        bash_command="bash $JOBS_DIR/run_pod.sh batch prices-merge prices-merge-q9f4d ",
    )


FAULT = Fault(
    name="kube_image",
    family="resource_not_found",
    dag_id="pod_merge",
    cause="the image tag does not exist",
    states="registry.acme.internal/merge:4.3: not found",
    accepted=("configuration_error", "external_service_error"),
    needs=("kubernetes", "kubectl"),
    twin=True,
    note="the line before says that kubectl timed out waiting",
    build=build,
)
