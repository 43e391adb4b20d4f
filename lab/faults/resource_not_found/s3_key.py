"""The object does not exist."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """NoSuchKey after a bucket was created."""
    import os

    from lab.authoring import task

    @task
    def read_rates_object() -> bytes:
        import boto3

        client = boto3.client(
            "s3",
            endpoint_url=os.environ["S3_ENDPOINT"],
            region_name="us-east-1",
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        )
        client.create_bucket(Bucket="acme-rates")
        return client.get_object(Bucket="acme-rates", Key="2026-11-24.json")["Body"].read()

    read_rates_object()


FAULT = Fault(
    name="s3_key",
    family="resource_not_found",
    dag_id="rates_object",
    cause="NoSuchKey",
    states="The specified key does not exist",
    transience="unknown",
    build=build,
    needs=("aws",),
)
