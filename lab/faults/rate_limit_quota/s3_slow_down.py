"""S3 asks to slow down, four times."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """SlowDown after the retries of botocore."""
    import os

    from lab.authoring import task

    @task
    def upload_parts() -> None:
        import boto3
        from botocore.config import Config

        client = boto3.client(
            "s3",
            endpoint_url=os.environ["AWS_FAKE_ENDPOINT"],
            aws_access_key_id="AKIASLOWDOWN",
            aws_secret_access_key="x",
            config=Config(retries={"max_attempts": 3}, s3={"addressing_style": "path"}),
        )
        for part in range(3):
            print(f"part {part} of 3")
            client.put_object(Bucket="dwh-exports", Key=f"day/part-{part}", Body=b"x")

    upload_parts()


FAULT = Fault(
    name="s3_slow_down",
    family="rate_limit_quota",
    dag_id="parts_upload",
    cause="S3 503 SlowDown",
    states="SlowDown",
    transience="transient",
    needs=("web",),
    accepted=("external_service_error",),
    twin=True,
    build=build,
)
