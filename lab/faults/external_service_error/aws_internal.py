"""AWS answers InternalServerError."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """500 from DynamoDB after retries."""
    import os

    from lab.authoring import task

    @task
    def read_settings_table() -> None:
        import boto3
        from botocore.config import Config

        client = boto3.client(
            "dynamodb",
            endpoint_url=os.environ["AWS_FAKE_ENDPOINT"],
            aws_access_key_id="AKIAINTERNAL",
            aws_secret_access_key="x",
            config=Config(retries={"max_attempts": 1}),
        )
        client.get_item(TableName="settings", Key={"id": {"N": "1"}})

    read_settings_table()


FAULT = Fault(
    name="aws_internal",
    family="external_service_error",
    dag_id="settings_table",
    cause="InternalServerError of AWS",
    states="InternalServerError",
    transience="transient",
    build=build,
    needs=("web",),
)
