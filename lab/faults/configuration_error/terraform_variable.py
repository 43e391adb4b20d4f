"""Terraform lacks the value of a variable."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """`No value for required variable` in a box of Unicode lines."""
    from lab.authoring import BashOperator

    BashOperator(
        task_id="plan_cluster",
        bash_command='d=$(mktemp -d); cd $d; printf \'variable "cluster_size" {\\n  type = number\\n}\\n'
        'output "size" {\\n  value = var.cluster_size\\n}\\n\' > main.tf; '
        "terraform init -no-color -input=false && terraform plan -no-color -input=false; code=$?; "
        "rm -rf $d; echo 'plan: nothing applied'; exit $code",
    )


FAULT = Fault(
    name="terraform_variable",
    family="configuration_error",
    dag_id="cluster_plan",
    cause="a Terraform variable has no value",
    states="No value for required variable",
    build=build,
    needs=("terraform",),
)
