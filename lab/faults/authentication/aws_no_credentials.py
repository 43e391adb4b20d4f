"""boto3 finds no credentials."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """NoCredentialsError."""
    import os

    from lab.authoring import task

    @task
    def list_buckets() -> None:
        import boto3

        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        client = boto3.client("s3", endpoint_url=os.environ["S3_ENDPOINT"])
        print(client.list_buckets()["Buckets"])

    list_buckets()


FAULT = Fault(
    name="aws_no_credentials",
    family="authentication",
    dag_id="bucket_list",
    cause="no AWS credentials",
    states="Unable to locate credentials",
    accepted=("configuration_error",),
    build=build,
    needs=("aws",),
    twin=True,
)
