"""The service account may not create jobs."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Forbidden by RBAC."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="book_in_pod",
        bash_command="bash $JOBS_DIR/run_pod.sh finance month-close  ",
    )


FAULT = Fault(
    name="kube_forbidden",
    family="permission",
    dag_id="pod_books",
    cause="RBAC does not allow to create jobs",
    states="jobs.batch is forbidden",
    needs=("kubernetes", "kubectl"),
    twin=True,
    build=build,
)
