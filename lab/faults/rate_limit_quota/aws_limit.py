"""An account limit is reached."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """LimitExceededException."""
    import os

    from lab.authoring import task

    @task
    def create_day_table() -> None:
        import boto3

        client = boto3.client(
            "dynamodb",
            endpoint_url=os.environ["AWS_FAKE_ENDPOINT"],
            aws_access_key_id="AKIALIMIT",
            aws_secret_access_key="x",
        )
        client.create_table(
            TableName="prices_20261124",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
            BillingMode="PAY_PER_REQUEST",
        )

    create_day_table()


FAULT = Fault(
    name="aws_limit",
    family="rate_limit_quota",
    dag_id="day_table",
    cause="limit of tables per account",
    states="LimitExceededException",
    build=build,
    needs=("web",),
)
