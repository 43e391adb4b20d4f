"""The bucket does not exist."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """botocore NoSuchBucket, from a moto server."""
    import os

    from lab.authoring import task

    @task
    def upload_snapshot() -> None:
        import boto3

        client = boto3.client(
            "s3",
            endpoint_url=os.environ["S3_ENDPOINT"],
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        )
        client.put_object(Bucket="acme-snapshots-eu", Key="2026/11/24.parquet", Body=b"PAR1")

    upload_snapshot()


FAULT = Fault(
    name="s3_bucket",
    family="resource_not_found",
    dag_id="snapshot_upload",
    cause="NoSuchBucket",
    states="NoSuchBucket",
    accepted=("configuration_error",),
    build=build,
    needs=("aws",),
    twin=True,
)
