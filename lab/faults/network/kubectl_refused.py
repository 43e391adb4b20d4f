"""kubectl has no cluster to talk to."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`The connection to the server … was refused`."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="start_job_pod",
        bash_command="kubectl --request-timeout=5s -n batch get pods; code=$?; "
        "echo 'rendered manifest: job/price-merge, image=registry/merge:4.2, memory=2Gi'; "
        "exit $code",
    )


FAULT = Fault(
    name="kubectl_refused",
    family="network",
    dag_id="job_pod",
    cause="the Kubernetes API refuses the connection",
    states="The connection to the server localhost:8080 was refused",
    accepted=("configuration_error",),
    transience="unknown",
    build=build,
    needs=("kubectl",),
    twin=True,
)
