"""dbt: the tests in `run_results.json` (schema 4 to 6), named by the `manifest.json` beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from dagnosis.data.results import LARGEST, Expectation, Outcome, counted, mapping

_OUTCOMES: dict[str, Outcome] = {
    "pass": "pass",
    "success": "pass",
    "warn": "warn",
    "fail": "fail",
    "error": "error",
    "runtime error": "error",
    "skipped": "skip",
}
_HASH = 10
"""Characters of the hash at the end of a generic test's id."""


def knows(document: Any) -> bool:
    """Whether a document is one of this tool."""
    found = mapping(document)
    return "dbt_schema_version" in mapping(found.get("metadata")) and "results" in found


def expectations(document: Any, folder: Path) -> Iterator[Expectation]:
    """The tests of a document; models, seeds and snapshots are no expectations."""
    nodes = _nodes(folder / "manifest.json")
    for one in document["results"]:
        key = str(one["unique_id"])
        if not key.startswith("test.") or one["status"] not in _OUTCOMES:
            continue
        node = mapping(nodes.get(key))
        message = " ".join(str(one.get("message") or "").replace("^", "").split())
        yield Expectation(
            tool="dbt",
            dataset=_dataset(node),
            name=_name(key, node),
            outcome=_OUTCOMES[one["status"]],
            column=str(node.get("column_name") or ""),
            failing=counted(one.get("failures")),
            words=message,
        )


def _nodes(path: Path) -> Mapping[str, Any]:
    """What the manifest says of tests; empty without one, as ids say enough to be found again."""
    try:
        if path.stat().st_size > LARGEST:
            return {}
        return mapping(mapping(msgspec.json.decode(path.read_bytes())).get("nodes"))
    except (OSError, msgspec.DecodeError, RecursionError):
        return {}


def _dataset(node: Mapping[str, Any]) -> str:
    """The model or source that is tested: `model.shop.orders` is `orders`."""
    depends = mapping(node.get("depends_on")).get("nodes") or [""]
    return str(node.get("attached_node") or depends[0]).rpartition(".")[2]


def _name(key: str, node: Mapping[str, Any]) -> str:
    """`unique` of a generic test, the name of a test of one's own."""
    name = mapping(node.get("test_metadata")).get("name") or node.get("name")
    if name:
        return str(name)
    parts = key.split(".")
    last = parts[-1]
    generic = len(parts) > 3 and len(last) == _HASH and all(c in "0123456789abcdef" for c in last)
    return parts[-2] if generic else last
