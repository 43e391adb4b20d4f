"""The table's provisioned throughput is exceeded."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """ProvisionedThroughputExceededException behind a generic final error."""
    import logging
    import os

    from lab.authoring import task

    log = logging.getLogger("etl.dynamo")

    @task
    def backfill_prices() -> None:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

        client = boto3.client(
            "dynamodb",
            endpoint_url=os.environ["AWS_FAKE_ENDPOINT"],
            aws_access_key_id="AKIACAPACITY",
            aws_secret_access_key="x",
            config=Config(retries={"max_attempts": 0}),
        )
        failed = 0
        for key in range(4):
            try:
                client.put_item(TableName="prices", Item={"id": {"N": str(key)}})
            except ClientError as error:
                failed += 1
                log.error("put_item %d: %s", key, error)
        if failed:
            raise RuntimeError(f"{failed} of 4 items were not written")

    backfill_prices()


FAULT = Fault(
    name="aws_capacity",
    family="rate_limit_quota",
    dag_id="prices_backfill",
    cause="provisioned throughput exceeded",
    states="ProvisionedThroughputExceededException",
    note="the final exception does not say why; the ERROR lines before do",
    transience="transient",
    build=build,
    needs=("web",),
)
