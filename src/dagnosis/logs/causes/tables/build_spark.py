"""Write `spark_conditions.tsv` from the error conditions of a pyspark with its jars.

`python -m dagnosis.logs.causes.tables.build_spark JAR`, where JAR is spark-common-utils_*.jar in the
folder `pyspark/jars` of an installed pyspark (or in `deps/jars` of its source distribution).
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from dagnosis.logs.causes.tables.table import HERE

TARGET = HERE / "spark_conditions.tsv"
_HEAD = """\
# Error conditions of Spark by SQLSTATE, written by dagnosis.logs.causes.tables.build_spark; do not edit.
# Source: {jar}, error/error-conditions.json ({count} conditions)

"""


def rows(conditions: dict[str, dict[str, Any]]) -> list[str]:
    """One line a SQLSTATE: the state, then its conditions; those without a state are left out.

    >>> rows({"B": {"sqlState": "42601"}, "A": {"sqlState": "42601"}, "_LEGACY": {}})
    ['42601\\tA|B']
    """
    states: dict[str, list[str]] = defaultdict(list)
    for name in sorted(conditions):
        if "sqlState" in conditions[name]:
            states[conditions[name]["sqlState"]].append(name)
    return [f"{state}\t{'|'.join(states[state])}" for state in sorted(states)]


def build(jar: Path) -> str:
    """The text of the file for one jar."""
    with ZipFile(jar) as archive:
        conditions = json.loads(archive.read("error/error-conditions.json"))
    lines = rows(conditions)
    count = sum(line.count("|") + 1 for line in lines)
    return _HEAD.format(jar=jar.name, count=count) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(build(Path(sys.argv[1])), "utf-8")
