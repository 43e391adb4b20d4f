"""A Terraform file has an argument that does not exist."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """Error: Unsupported argument, after init succeeded."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="validate_cluster",
        bash_command="d=$(mktemp -d); cd $d; printf 'output \"size\" {\\n  value = 3\\n  sensitiv = true\\n}\\n' > main.tf; "
        "terraform init -no-color -input=false; terraform validate -no-color; code=$?; "
        "rm -rf $d; exit $code",
    )


FAULT = Fault(
    name="terraform_argument",
    family="code_error",
    dag_id="cluster_validate",
    cause="an unsupported argument in a Terraform file",
    states="Unsupported argument",
    accepted=("configuration_error",),
    build=build,
    needs=("terraform",),
)
