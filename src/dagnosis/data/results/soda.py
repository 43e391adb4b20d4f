"""Soda Core 3: scan results (`soda scan --scan-results-file`, `Scan.get_scan_results`).

Written from the documented format; not run here, since the licence of Soda Core is not an open one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dagnosis.data.results import Expectation, Outcome, counted, mapping

_OUTCOMES: dict[Any, Outcome] = {"pass": "pass", "warn": "warn", "fail": "fail", None: "error"}
"""A check without an outcome could not be evaluated."""


def knows(document: Any) -> bool:
    """Whether a document is one of this tool."""
    found = mapping(document)
    return isinstance(found.get("checks"), list) and (
        "hasFailures" in found or "scanStartTimestamp" in found
    )


def expectations(document: Any, folder: Path) -> Iterator[Expectation]:
    """The checks of a document."""
    for one in document["checks"]:
        value = mapping(one.get("diagnostics")).get("value")
        reasons = "; ".join(
            str(mapping(reason).get("message") or mapping(reason).get("code") or "")
            for reason in one.get("outcomeReasons") or ()
        )
        failing = counted(mapping(one.get("diagnostics")).get("failedRowsCount"))
        yield Expectation(
            tool="soda",
            dataset=str(one.get("table") or ""),
            name=str(one.get("name") or one.get("identity") or "check"),
            outcome=_OUTCOMES[one.get("outcome")],
            column=str(one.get("column") or ""),
            failing=failing,
            words=": ".join(filter(None, (reasons, "" if value is None else f"found {value!r}"))),
        )
