"""Results of other tools: files that the tools wrote, and what is read of them.

golden/great_expectations_*.json: Great Expectations 1.24.1; golden/dbt: dbt-core 1.10.23 with
dbt-duckdb, its manifest cut to what is read; golden/openlineage.jsonl and golden/common_sql.json: the
check operators of Airflow's common-sql 2.4.0 in Airflow 3.3.2. Soda's is written by its documentation.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagnosis.data.results import TOOLS, read
from dagnosis.errors import UnreadableInput
from dagnosis.model import TaskRef
from dagnosis.services.results import as_one, read_results

GOLDEN = Path(__file__).parent / "golden"


def outcomes(name: str) -> dict[tuple[str, str, str], str]:
    return {(one.dataset, one.column, one.name): one.outcome for one in read(GOLDEN / name)}


def test_great_expectations() -> None:
    found = outcomes("great_expectations_validation.json")
    assert found == {
        ("orders", "nowhere", "column_values_to_be_between"): "error",
        ("orders", "id", "column_values_to_be_unique"): "fail",
        ("orders", "price", "column_values_to_not_be_null"): "fail",
        ("orders", "price", "column_values_to_be_between"): "fail",
        ("orders", "price", "column_mean_to_be_between"): "pass",
        ("orders", "country", "column_values_to_be_in_set"): "warn",
        ("orders", "", "table_row_count_to_be_between"): "pass",
        ("orders", "price", "column_pair_values_a_to_be_greater_than_b"): "fail",
        ("orders", "tax", "column_to_exist"): "fail",
    }
    (finding,) = read_results(GOLDEN / "great_expectations_validation.json")
    assert finding.alarm
    assert finding.rows == 4
    assert finding.summary == "6 of 9 expectations fail, first id: column_values_to_be_unique"
    assert finding.differences[0].words == "column_values_to_be_unique: 2 of 4 rows fail, as 3, 3"
    assert 'Error: The column "nowhere"' in " ".join(one.words for one in finding.differences)


def test_a_checkpoint_says_the_same_but_severities() -> None:
    described = outcomes("great_expectations_checkpoint.json")
    assert described.keys() == outcomes("great_expectations_validation.json").keys()
    assert sum(outcome == "pass" for outcome in described.values()) == 2


def test_a_checkpoint_of_old(tmp_path: Path) -> None:
    """0.x: results below an identifier, `expectation_type`, an exception of the expectation."""
    result = {
        "success": False,
        "meta": {"active_batch_definition": {"data_asset_name": "orders"}},
        "results": [
            {
                "success": False,
                "expectation_config": {
                    "expectation_type": "expect_column_to_exist",
                    "kwargs": {"column": "tax"},
                },
                "result": {},
                "exception_info": {"raised_exception": True, "exception_message": "no table"},
            }
        ],
    }
    document = {"success": False, "run_results": {"id": {"validation_result": result}}}
    (tmp_path / "old.json").write_text(json.dumps(document))
    (one,) = read(tmp_path / "old.json")
    assert (one.dataset, one.column, one.outcome, one.words) == (
        "orders",
        "tax",
        "error",
        "no table",
    )


def test_dbt_beside_its_manifest() -> None:
    assert outcomes("dbt/run_results.json") == {
        ("orders", "country", "accepted_values"): "fail",
        ("orders", "", "no_negative_price"): "fail",
        ("orders", "id", "not_null"): "pass",
        ("orders", "price", "not_null"): "warn",
        ("orders", "id", "unique"): "fail",
        ("broken", "id", "unique"): "error",
    }
    orders, broken = read_results(GOLDEN / "dbt/run_results.json")
    assert orders.summary == "3 of 5 expectations fail, first country: accepted_values"
    assert "Table with name broken does not exist" in broken.differences[0].words
    one = as_one([orders, broken], "shop", "2026-01-05", TaskRef("d", "r", "t"))
    assert one.summary.startswith("2 of 2 datasets fail; orders: 3 of 5")
    assert [blame.column for blame in one.blamed] == ["country", "*", "id", "id"]
    assert one.task == TaskRef("d", "r", "t")


def test_dbt_without_its_manifest() -> None:
    found = outcomes("dbt_alone/run_results.json")
    assert found["", "", "unique_orders_id"] == "fail"
    assert len(found) == 6


SODA = {
    "defaultDataSource": "shop",
    "scanStartTimestamp": "2026-01-05T06:00:00+00:00",
    "hasErrors": False,
    "hasWarnings": True,
    "hasFailures": True,
    "checks": [
        {
            "name": "row_count > 0",
            "type": "generic",
            "table": "orders",
            "column": None,
            "outcome": "pass",
            "outcomeReasons": [],
            "diagnostics": {"value": 4},
        },
        {
            "name": "missing_count(price) = 0",
            "table": "orders",
            "column": "price",
            "outcome": "fail",
            "outcomeReasons": [],
            "diagnostics": {"value": 1, "fail": {"notEqual": 0}},
        },
        {
            "name": "freshness(at) < 1d",
            "table": "orders",
            "column": "at",
            "outcome": None,
            "outcomeReasons": [{"code": "no_rows", "message": "the column has no value"}],
        },
    ],
}


def test_soda(tmp_path: Path) -> None:
    (tmp_path / "scan.json").write_text(json.dumps(SODA))
    (finding,) = read_results(tmp_path / "scan.json")
    assert finding.summary == "2 of 3 expectations fail, first price: missing_count(price) = 0"
    assert [one.words for one in finding.differences] == [
        "missing_count(price) = 0: found 1",
        "freshness(at) < 1d: could not be evaluated: the column has no value",
    ]


def test_openlineage_events_of_check_operators() -> None:
    found = outcomes("openlineage.jsonl")
    assert {key[1:]: value for key, value in found.items()} == {
        ("id", "id.unique_check"): "fail",
        ("id", "id.min"): "pass",
        ("", "enough_rows"): "pass",
        ("", "cheap"): "fail",
    }


def test_check_results_of_common_sql() -> None:
    found = outcomes("common_sql.json")
    assert set(found.values()) == {"pass", "fail"}
    assert {key[0] for key in found} == {"orders"}


def test_secrets_are_not_told(tmp_path: Path) -> None:
    check = {
        **SODA["checks"][2],  # type: ignore[index]
        "outcomeReasons": [{"message": "postgres://etl:s3cr3t@db/x does not answer"}],
    }
    (tmp_path / "scan.json").write_text(json.dumps({**SODA, "checks": [check]}))
    assert "s3cr3t" not in repr(read_results(tmp_path / "scan.json"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "results of none"),
        ("{}", "results of none"),
        ("[1]", "results of none"),
        ("{'x': 1}", "line 1: not JSON"),
        ('{"checks": [{"outcome": "odd"}], "hasFailures": true}', "cannot be read"),
        ('{"checks": [3], "hasFailures": true}', "cannot be read"),
        ("[" * 5000, "not JSON"),
    ],
)
def test_what_is_no_file_of_results(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(UnreadableInput, match=words):
        read(tmp_path / "x.json")
    with pytest.raises(UnreadableInput, match="no such file"):
        read(tmp_path / "none.json")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(
    value=JSON,
    where=st.sampled_from(("checks", "results", "expectations", "inputs", "run")),
    tool=st.sampled_from(TOOLS),
)
def test_any_document_is_read_or_refused(
    value: object, where: str, tool: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    heads: dict[str, dict[str, object]] = {
        "great_expectations": {"success": False, "results": []},
        "dbt": {"metadata": {"dbt_schema_version": "v6"}, "results": []},
        "soda": {"hasFailures": True, "checks": []},
        "openlineage": {"eventTime": "x", "run": {}},
        "common_sql": {},
    }
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps({**heads[tool], where: value}))
    refused = ""
    try:
        read_results(path)
    except UnreadableInput as error:
        refused = str(error)
    assert "\n" not in refused
