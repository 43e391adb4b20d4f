"""A job in a cluster does not finish in time."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """The pod runs, kubectl wait gives up."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="load_in_pod",
        bash_command="bash $JOBS_DIR/run_pod.sh batch sales-load sales-load-t6j9r ",
    )


FAULT = Fault(
    name="kube_wait",
    family="timeout",
    dag_id="pod_load",
    cause="the job did not complete within the wait",
    states="timed out waiting for the condition on jobs/sales-load",
    accepted=("external_service_error",),
    transience="unknown",
    needs=("kubernetes", "kubectl"),
    twin=True,
    build=build,
)
