"""The session token expired."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ExpiredTokenException."""
    import os

    from lab.authoring import task

    @task
    def scan_prices() -> None:
        import boto3

        client = boto3.client(
            "dynamodb",
            endpoint_url=os.environ["AWS_FAKE_ENDPOINT"],
            aws_access_key_id="AKIAEXPIRED",
            aws_secret_access_key="x",
        )
        client.scan(TableName="prices")

    scan_prices()


FAULT = Fault(
    name="aws_expired_token",
    family="authentication",
    dag_id="prices_scan",
    cause="expired AWS session token",
    states="ExpiredTokenException",
    build=build,
    needs=("web",),
    transience="permanent",
)
