"""A pod is killed for its memory, as kubectl describes it."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """A real kubectl; the cluster is a loopback server."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="join_in_pod",
        bash_command="bash $JOBS_DIR/run_pod.sh batch features-join features-join-7xk2p ",
    )


FAULT = Fault(
    name="kube_oomkilled",
    family="out_of_memory",
    dag_id="pod_join",
    cause="the container was OOMKilled",
    states="OOMKilled",
    accepted=("worker_lost",),
    transience="unknown",
    needs=("kubernetes", "kubectl"),
    twin=True,
    note="the line before says that kubectl timed out waiting",
    build=build,
)
