"""AWS throttles, botocore gives up after its retries."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ThrottlingException (reached max retries)."""
    import os

    from lab.authoring import task

    @task
    def scan_in_parallel() -> None:
        import boto3
        from botocore.config import Config

        client = boto3.client(
            "dynamodb",
            endpoint_url=os.environ["AWS_FAKE_ENDPOINT"],
            aws_access_key_id="AKIATHROTTLED",
            aws_secret_access_key="x",
            config=Config(retries={"max_attempts": 2}),
        )
        client.scan(TableName="prices", Segment=3, TotalSegments=8)

    scan_in_parallel()


FAULT = Fault(
    name="aws_throttled",
    family="rate_limit_quota",
    dag_id="parallel_scan",
    cause="ThrottlingException: Rate exceeded",
    states="ThrottlingException",
    transience="transient",
    build=build,
    needs=("web",),
    twin=True,
)
