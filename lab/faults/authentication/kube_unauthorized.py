"""The cluster does not accept the token."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Unauthorized."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="scan_in_pod",
        bash_command="bash $JOBS_DIR/run_pod.sh legal contracts-scan  ",
    )


FAULT = Fault(
    name="kube_unauthorized",
    family="authentication",
    dag_id="pod_contracts",
    cause="the token of the service account is not accepted",
    states="failed to create job: Unauthorized",
    accepted=("permission",),
    needs=("kubernetes", "kubectl"),
    build=build,
)
