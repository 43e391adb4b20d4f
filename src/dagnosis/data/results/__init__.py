"""What other tools found of data, read from the files that they write.

dagnosis has no language for explicit expectations, since Great Expectations, Soda and dbt have good
ones; their results become findings like its own. One module a tool; each knows its files (`knows`) and
turns a decoded JSON document into expectations (`expectations`).

| module               | file                                                                        |
|----------------------|-----------------------------------------------------------------------------|
| `great_expectations` | a validation result or a checkpoint's description, 0.15 to 1.x               |
| `dbt`                | `target/run_results.json`; `manifest.json` beside it tells tables and columns |
| `soda`               | scan results of Soda Core 3 (`soda scan --scan-results-file`)               |
| `openlineage`        | events with a `dataQualityAssertions` or `test` facet, one or one a line    |
| `common_sql`         | `check_results` of the check operators of Airflow's common-sql, as JSON     |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec

from dagnosis.errors import UnreadableInput

TOOLS = ("great_expectations", "dbt", "soda", "openlineage", "common_sql")
"""The readers, by the names of their modules, in the order in which they are asked."""
SHOWN = 3
"""Offending values told of one expectation."""
LARGEST = 1 << 28
"""Size of a file (bytes) above which it is refused."""

Outcome: TypeAlias = Literal["pass", "warn", "fail", "error", "skip"]
"""error: could not be evaluated, which counts as a failure; skip: was not run."""


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation and how it came out.

    `dataset` and `column` are empty where the tool names none; `failing` is the number of rows that
    do not meet it, `rows` of how many, None where the tool does not count; `words` says what was
    expected and found, in the tool's own words where it has some.
    """

    tool: str
    dataset: str
    name: str
    outcome: Outcome
    column: str = ""
    failing: int | None = None
    rows: int | None = None
    words: str = ""


def read(path: Path) -> list[Expectation]:
    """The expectations of a file; raises `UnreadableInput` for one of no known tool."""
    documents = list(_documents(path))
    for tool in TOOLS:
        module = import_module(f"dagnosis.data.results.{tool}")
        if documents and all(module.knows(document) for document in documents):
            try:
                return [
                    one
                    for document in documents
                    for one in module.expectations(document, path.parent)
                ]
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                what = f"{type(error).__name__}: {error}"
                raise UnreadableInput(
                    f"{path}: looks like results of {tool}, but cannot be read ({what})"
                ) from None
    raise UnreadableInput(f"{path}: results of none of {', '.join(TOOLS)}")


def _documents(path: Path) -> Iterator[Any]:
    """The JSON document of a file, or those of its lines."""
    try:
        if path.stat().st_size > LARGEST:
            raise UnreadableInput(f"{path}: larger than {LARGEST >> 20} MiB, no file of results is")
        raw = path.read_bytes()
    except OSError as error:
        raise UnreadableInput(f"{path}: {(error.strerror or str(error)).lower()}") from None
    try:
        yield msgspec.json.decode(raw)
        return
    except (msgspec.DecodeError, RecursionError):
        pass
    for number, line in enumerate(raw.splitlines(), 1):
        if not line.strip():
            continue
        try:
            yield msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise UnreadableInput(f"{path}: line {number}: not JSON ({error})") from None


def mapping(value: Any) -> Mapping[str, Any]:
    """A value where an object is expected, and an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def counted(value: Any) -> int | None:
    """A count, None for what is none."""
    whole = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
    return int(value) if whole and abs(value) < 2**53 else None


def shown(values: Iterable[Any]) -> str:
    """The first values, as they are told.

    >>> shown([3, None, "x", 5])
    "3, None, 'x', …"
    """
    found = list(values)
    told = [repr(value)[:60] for value in found[:SHOWN]]
    return ", ".join([*told, "…"] if len(found) > SHOWN else told)
