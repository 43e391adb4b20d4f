"""Airflow's common-sql provider (2.4 and newer): `check_results` of its check operators.

`json.dumps([dataclasses.asdict(one) for one in operator.check_results])` writes such a file; where
OpenLineage is installed, the same is in its events.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from dagnosis.data.results import Expectation, mapping
from dagnosis.data.results.openlineage import expectation_of


def knows(document: Any) -> bool:
    """Whether a document is one of this tool."""
    wanted = ("check_type", "success")
    if not isinstance(document, list) or not document:
        return False
    return all(all(key in mapping(one) for key in wanted) for one in document)


def expectations(document: Any, folder: Path) -> Iterator[Expectation]:
    """The checks of a document."""
    for one in document:
        named = {**one, "assertion": one["check_type"]}
        made = expectation_of(named, str(one.get("table") or ""), bool(one["success"]))
        yield msgspec.structs.replace(made, tool="common_sql")
