"""The builder of Spark's conditions, and the families that their SQLSTATE gives."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from dagnosis.logs.causes.tables import build_spark
from dagnosis.logs.causes.tables.spark import SparkTable
from dagnosis.logs.causes.tables.table import HERE


def test_reads_the_conditions_of_a_jar(tmp_path: Path) -> None:
    jar = tmp_path / "spark-common-utils_2.13-9.9.9.jar"
    conditions = {"B": {"sqlState": "42601"}, "A": {"sqlState": "42601"}, "_LEGACY": {}}
    with ZipFile(jar, "w") as archive:
        archive.writestr("error/error-conditions.json", json.dumps(conditions))
    text = build_spark.build(jar)
    assert text.endswith("\n\n42601\tA|B\n")
    assert "spark-common-utils_2.13-9.9.9.jar" in text
    assert "2 conditions" in text


def test_every_condition_has_a_row() -> None:
    table = SparkTable(HERE / "spark.tsv")
    rows = [table.get(condition) for condition in table.states]
    assert len(rows) > 800
    assert all(row is not None and row.table == "spark" for row in rows)


@pytest.mark.parametrize(
    ("condition", "family"),
    [
        ("UNRESOLVED_COLUMN.WITH_SUGGESTION", "data_error"),
        ("DATETIME_OVERFLOW", "data_error"),
        ("NESTED_AGGREGATE_FUNCTION", "code_error"),
        ("AGGREGATE_OUT_OF_MEMORY", "out_of_memory"),
    ],
)
def test_families(condition: str, family: str) -> None:
    row = SparkTable(HERE / "spark.tsv").get(condition)
    assert row is not None
    assert row.family == family
