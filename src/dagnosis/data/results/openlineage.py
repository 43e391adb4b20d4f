"""OpenLineage: assertions in events, as common-sql's check operators, dbt-ol and dagnosis itself send.

The file transport writes an event a line; of several events of one run only the last that has
results counts for a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dagnosis.data.results import Expectation, Outcome, mapping


def knows(document: Any) -> bool:
    """Whether a document is one of this tool."""
    found = mapping(document)
    return "eventTime" in found and ("run" in found or "job" in found or "dataset" in found)


def expectations(document: Any, folder: Path) -> Iterator[Expectation]:
    """The assertions of an event: of its datasets, and of its run."""
    for dataset in (*(document.get("inputs") or ()), *(document.get("outputs") or ())):
        for kind in ("facets", "inputFacets", "outputFacets"):
            facet = mapping(mapping(dataset.get(kind)).get("dataQualityAssertions"))
            for one in facet.get("assertions") or ():
                yield expectation_of(one, str(dataset.get("name") or ""), bool(one["success"]))
    run = mapping(document.get("run"))
    for one in mapping(mapping(run.get("facets")).get("test")).get("tests") or ():
        parameters = mapping(one.get("params"))
        named = {**one, "column": parameters.get("tested_column"), "assertion": one.get("type")}
        if one.get("status") == "skip":
            continue
        yield expectation_of(
            named, str(parameters.get("tested_table") or ""), one.get("status") == "pass"
        )


def expectation_of(one: Mapping[str, Any], dataset: str, success: bool) -> Expectation:
    """An assertion (or a check of common-sql) as an expectation."""
    failed: Outcome = "warn" if one.get("severity") in ("warn", "info") else "fail"
    expected, actual = one.get("expected"), one.get("actual")
    found = (
        f"expected {expected}, found {actual}"
        if expected is not None and actual is not None
        else ""
    )
    return Expectation(
        tool="openlineage",
        dataset=dataset,
        name=str(one.get("name") or one.get("assertion") or "assertion"),
        outcome="pass" if success else failed,
        column=str(one.get("column") or ""),
        words=": ".join(filter(None, (str(one.get("description") or ""), found))),
    )
