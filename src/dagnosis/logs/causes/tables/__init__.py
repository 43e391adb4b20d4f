"""Systematic tables: what codes, numbers and exception types mean wherever they appear.

`look_up` is the one door. A table is one TSV file in this folder (see `table` for its format);
`words.tsv` reads the name of an exception type that no table knows; `steps.tsv` holds fix steps
that rows share. `aws.tsv` and `spark.tsv` are built from installed packages, see `build_aws` and
`build_spark`.

Weights are on the scale of the causes: a code that names the mechanism 5 to 5.5, a class of codes
4 to 4.5, an exception type alone 1.5 to 3.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import re2

from dagnosis.logs.causes.catalogue import split_exception
from dagnosis.logs.causes.prefilter import Prefilter
from dagnosis.logs.causes.tables.aws import AwsTable
from dagnosis.logs.causes.tables.spark import SparkTable
from dagnosis.logs.causes.tables.table import HERE, Table, TableHit
from dagnosis.logs.causes.tables.words import of_words

__all__ = ["TableHit", "Tables", "look_up", "tables"]

_LONGEST = 16_000
"""Characters of a message that are read; the code of a failure stands near its start."""
_NOT_TABLES = ("steps", "words", "aws_models", "spark_conditions")
_KINDS: dict[str, type[Table]] = {"aws": AwsTable, "spark": SparkTable}
"""Tables that know more than their own file."""
# A word before a colon is a type when it is dotted, ends like one, or has humps like one.
_TYPE = re2.compile(r"^\w+(?:\.[\w$]+)+$|(?:[Ee]rror|[Ee]xception)$|^[A-Z]\w*[a-z]\w*[A-Z]\w*[a-z]")
_TYPE_SUFFIX = re2.compile(
    r"[^.](?:Error|Exception|Failure|Fault|Violation|Timeout|TimedOut|Expired|Exceeded|Denied"
    r"|NotFound|Refused|Unavailable|Unauthorized|Forbidden|Exhausted|Aborted|Invalid\w*)$"
)


class Tables:
    """All tables: one prefilter over every shape, and one look at every table of types."""

    def __init__(self, tables: list[Table]) -> None:
        self.by_name = {table.name: table for table in tables}
        self._typed = [table for table in tables if table.types]
        self._owners = [(table, index) for table in tables for index in range(len(table.shapes))]
        expressions = [table.shapes[index].expression for table, index in self._owners]
        self._shapes = Prefilter("tables", expressions)

    def look_up(self, message: str, exception: str = "") -> list[TableHit]:
        """The rows that `message` names, heaviest first; empty when it names none.

        `exception` is the exception type, with or without its module; when not given, a type that
        leads the message is taken. Never raises, whatever the text.
        """
        if exception and not message.startswith(exception):
            message = f"{exception}: {message}"
        message = message[:_LONGEST]
        if not message.isascii():  # lone surrogates have no UTF-8, and re2 reads UTF-8
            message = message.encode("utf-8", "replace").decode("utf-8")
        hits = [*self._printed(message), *self._typed_by(message, exception)]
        if len(hits) < 2:
            return hits
        unique = {(hit.table, hit.code): hit for hit in hits}
        return sorted(unique.values(), key=lambda hit: -hit.weight)

    def _printed(self, message: str) -> list[TableHit]:
        shapes: dict[str, list[int]] = defaultdict(list)
        for position in self._shapes.match(message):
            table, index = self._owners[position]
            shapes[table.name].append(index)
        return [
            row for name, hit in shapes.items() for row in self.by_name[name].read(message, hit)
        ]

    def _typed_by(self, message: str, exception: str) -> list[TableHit]:
        stated = bool(exception)
        if not stated:
            if " " in message.partition(":")[0].lstrip("E "):  # most lines: no type leads them
                return []
            exception, _ = split_exception(message)
            if not exception or not _TYPE.search(exception):
                return []
        package, _, rest = exception.partition(".")
        name = rest.rpartition(".")[2]
        if not rest:
            package, name = "", package
        rows = [row for table in self._typed if (row := table.of_type(package, name))]
        if not rows and (stated or _TYPE_SUFFIX.search(exception)):
            word = of_words(name)
            return [word] if word else []
        return rows


@cache
def tables() -> Tables:
    """The shipped tables, read once a process."""
    paths = sorted(path for path in HERE.glob("*.tsv") if path.stem not in _NOT_TABLES)
    return Tables([_KINDS.get(path.stem, Table)(path) for path in paths])


def look_up(message: str, exception: str = "") -> list[TableHit]:
    """The rows of the shipped tables that a message names, heaviest first.

    >>> [hit.name for hit in look_up("HTTP Error 404: Not Found")]
    ['HTTP 404 Not Found: what was asked for does not exist at this address']
    >>> look_up("pandas: 404 rows, line 4031, timeout=30")
    []
    """
    return tables().look_up(message, exception)
