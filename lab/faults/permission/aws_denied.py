"""The role may not scan this table."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """AccessDeniedException."""
    import os

    from lab.authoring import task

    @task
    def scan_restricted() -> None:
        import boto3

        client = boto3.client(
            "dynamodb",
            endpoint_url=os.environ["AWS_FAKE_ENDPOINT"],
            aws_access_key_id="AKIADENIED",
            aws_secret_access_key="x",
        )
        client.scan(TableName="prices")

    scan_restricted()


FAULT = Fault(
    name="aws_denied",
    family="permission",
    dag_id="restricted_scan",
    cause="IAM policy does not allow dynamodb:Scan",
    states="is not authorized to perform: dynamodb:Scan",
    build=build,
    needs=("web",),
    twin=True,
)
