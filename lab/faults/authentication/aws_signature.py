"""The secret key is wrong."""

from __future__ import annotations

from lab.fault import Fault


def build() -> None:
    """InvalidSignatureException, caught and raised as the user's own error."""
    import os

    from lab.authoring import task

    class CatalogueError(Exception):
        pass

    @task
    def export_catalogue_table() -> None:
        import boto3
        from botocore.exceptions import ClientError

        client = boto3.client(
            "dynamodb",
            endpoint_url=os.environ["AWS_FAKE_ENDPOINT"],
            aws_access_key_id="AKIASIGNATURE",
            aws_secret_access_key="x",
        )
        try:
            client.describe_table(TableName="catalogue")
        except ClientError as error:
            raise CatalogueError("catalogue export failed") from error

    export_catalogue_table()


FAULT = Fault(
    name="aws_signature",
    family="authentication",
    dag_id="catalogue_export",
    cause="wrong AWS secret key",
    states="does not match the signature you provided",
    build=build,
    needs=("web",),
)
