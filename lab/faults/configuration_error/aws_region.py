"""A region that does not exist."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """botocore: Invalid endpoint / could not connect; here NoRegionError."""
    from lab.authoring import task

    @task
    def describe_tables() -> None:
        import os

        import boto3

        os.environ.pop("AWS_DEFAULT_REGION", None)
        boto3.client("dynamodb", aws_access_key_id="AKIAX", aws_secret_access_key="x")

    describe_tables()


FAULT = Fault(
    name="aws_region",
    family="configuration_error",
    dag_id="tables_describe",
    cause="no AWS region configured",
    states="You must specify a region",
    build=build,
)
