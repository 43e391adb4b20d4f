"""The file of AWS errors is what its builder makes of the botocore that it names."""

from __future__ import annotations

import re

import pytest

from dagnosis.logs.causes.tables import build_aws
from dagnosis.logs.causes.tables.aws import AwsTable
from dagnosis.logs.causes.tables.table import HERE
from dagnosis.model import FAMILIES

TEXT = build_aws.TARGET.read_text("utf-8")


def table() -> AwsTable:
    return AwsTable(HERE / "aws.tsv")


def test_file_equals_what_the_builder_makes() -> None:
    botocore = pytest.importorskip("botocore")
    named = re.search(r"botocore (\S+),", TEXT)
    assert named
    if botocore.__version__ != named[1]:
        pytest.skip(f"botocore {botocore.__version__} is installed, the file is of {named[1]}")
    assert build_aws.build() == TEXT


def test_every_code_of_the_models_has_a_family() -> None:
    aws = table()
    for code in aws.models:
        row = aws.get(code)
        assert row is not None, code
        assert row.family in FAMILIES
        assert 1 <= row.weight <= 5.5


@pytest.mark.parametrize(
    ("code", "family", "transience"),
    [
        ("SnapshotQuotaExceededFault", "rate_limit_quota", "unknown"),
        ("ACLNotFoundFault", "resource_not_found", "permanent"),
        ("DBClusterAlreadyExistsFault", "code_error", "permanent"),
        ("ModelNotReadyException", "external_service_error", "transient"),
        ("InvalidArnException", "code_error", "permanent"),
        ("InvalidVpcPeeringConnectionID.NotFound", "resource_not_found", "permanent"),
    ],
)
def test_families_of_names(code: str, family: str, transience: str) -> None:
    row = table().get(code)
    assert row is not None
    assert (row.family, row.transience) == (family, transience)


def test_unknown_code_is_none() -> None:
    assert table().get("OrderConfirmed") is None


def test_rows_count_services_and_take_the_commonest_status() -> None:
    def shape(**error: object) -> dict[str, object]:
        return {"type": "structure", "exception": True, "error": error}

    models = {
        "a": {"shapes": {"Busy": shape(httpStatusCode=409), "Slow": shape(code="SlowDown")}},
        "b": {"shapes": {"Busy": shape(httpStatusCode=409, senderFault=True)}},
        "c": {"shapes": {"Busy": {**shape(httpStatusCode=400), "retryable": {"throttling": True}}}},
    }
    assert build_aws.rows(models) == ["Busy\t409\tc\trt\t3", "SlowDown\t0\t-\t-\t1"]
    assert build_aws.rows({}) == []
