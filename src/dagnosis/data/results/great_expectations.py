"""Great Expectations: validation results of 0.15 to 1.x, and what a checkpoint describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dagnosis.data.results import Expectation, Outcome, counted, mapping, shown

_ASIDE = (
    "batch_id",
    "column",
    "column_A",
    "column_B",
    "column_list",
    "column_set",
    "result_format",
)
"""Arguments of an expectation that do not say what is expected."""


def knows(document: Any) -> bool:
    """Whether a document is one of this tool."""
    found = mapping(document)
    if any(
        isinstance(found.get(key), (list, dict)) for key in ("validation_results", "run_results")
    ):
        return "success" in found
    results = found.get("results", found.get("expectations"))
    if not isinstance(results, list) or "success" not in found:
        return False
    return all(
        "expectation_config" in mapping(one) or "expectation_type" in mapping(one)
        for one in results
    )


def expectations(document: Any, folder: Path) -> Iterator[Expectation]:
    """The expectations of a document."""
    if "validation_results" in document:
        for one in document["validation_results"]:
            yield from _of_validation(one)
    elif isinstance(document.get("run_results"), dict):
        # a checkpoint of 0.x
        for one in document["run_results"].values():
            yield from _of_validation(mapping(one).get("validation_result", one))
    else:
        yield from _of_validation(document)


def _of_validation(document: Mapping[str, Any]) -> Iterator[Expectation]:
    dataset = _dataset(document)
    for one in document.get("results", document.get("expectations", ())):
        # a description has type and arguments beside the result, a result has them in its config
        config = mapping(one.get("expectation_config")) or one
        kind = str(config.get("type") or config.get("expectation_type"))
        arguments = mapping(config.get("kwargs"))
        result = mapping(one.get("result"))
        columns = [
            str(arguments[key]) for key in ("column", "column_A", "column_B") if key in arguments
        ]
        yield Expectation(
            tool="great_expectations",
            dataset=dataset or _of_batch(arguments.get("batch_id")),
            name=kind.removeprefix("expect_"),
            outcome=_outcome(one, config),
            column=columns[0] if columns else "",
            failing=counted(result.get("unexpected_count")),
            rows=counted(result.get("element_count")),
            words=_words(arguments, columns, result, one),
        )


def _dataset(document: Mapping[str, Any]) -> str:
    meta = mapping(document.get("meta"))
    batch = mapping(meta.get("active_batch_definition")) or mapping(meta.get("batch_kwargs"))
    return str(batch.get("data_asset_name") or "")


def _of_batch(batch: Any) -> str:
    """`landed-orders`: the source and its asset, as a batch of 1.x is called."""
    return str(batch).partition("-")[2] if isinstance(batch, str) else ""


def _outcome(one: Mapping[str, Any], config: Mapping[str, Any]) -> Outcome:
    if one.get("success") is True:
        return "pass"
    # "info" and "warning" are severities of 1.5 and newer
    if config.get("severity") in ("warning", "info"):
        return "warn"
    return "error" if _raised(one) else "fail"


def _raised(one: Mapping[str, Any]) -> str:
    """The message of an exception: of the expectation (0.x), or of the first of its metrics (1.x)."""
    info = mapping(one.get("exception_info"))
    found = [info] if "raised_exception" in info else [mapping(each) for each in info.values()]
    raised = [each for each in found if each.get("raised_exception")]
    return str(raised[0].get("exception_message") or "an exception") if raised else ""


def _words(
    arguments: Mapping[str, Any],
    columns: list[str],
    result: Mapping[str, Any],
    one: Mapping[str, Any],
) -> str:
    wanted = {k: v for k, v in arguments.items() if k not in _ASIDE and v is not None}
    expected = ", ".join(f"{key} {value!r}" for key, value in wanted.items())
    if len(columns) > 1:
        expected = ", ".join(filter(None, (f"of {' and '.join(columns)}", expected)))
    return "; ".join(filter(None, (_raised(one) or _found(result), expected)))


def _found(result: Mapping[str, Any]) -> str:
    failing, rows = counted(result.get("unexpected_count")), counted(result.get("element_count"))
    if failing:
        values = shown(result.get("partial_unexpected_list") or ())
        told = f"{failing:,} of {rows or failing:,} rows fail"
        return f"{told}, as {values}" if values else told
    return f"found {result['observed_value']!r}" if "observed_value" in result else ""
