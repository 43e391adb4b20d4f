"""The queue does not exist."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """QueueDoesNotExist."""
    import os

    from lab.authoring import task

    @task
    def drain_queue() -> None:
        import boto3

        client = boto3.client(
            "sqs",
            endpoint_url=os.environ["S3_ENDPOINT"],
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        )
        print(client.get_queue_url(QueueName="price-updates"))

    drain_queue()


FAULT = Fault(
    name="sqs_queue",
    family="resource_not_found",
    dag_id="queue_drain",
    cause="the SQS queue does not exist",
    states="The specified queue does not exist",
    build=build,
    needs=("aws",),
)
