"""Picks the sample that is committed out of a corpus: `python -m lab.sample CORPUS lab/sample`.

A few faults of each family under both Airflows, one try each, long logs among them; none of those
that the package bundles. The sample has the layout of a corpus; logs of more than 20 kB are
compressed, and there is none of more than 3,000 lines.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from zlib import crc32

from lab import history
from lab.bundle import CHOICE

QUOTA = {"3": 6, "2": 3}
"""Faults of a family, by the major version of Airflow."""
LONGEST = 3_000
"""Lines."""
LARGE = 20_000
"""Bytes from which a log is compressed."""

Row = dict[str, Any]


def main() -> int:
    """Write the sample and say what is in it; 2 where there is no corpus."""
    parser = argparse.ArgumentParser(prog="python -m lab.sample", description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("destination", type=Path)
    given = parser.parse_args()
    index = given.corpus / "index.jsonl"
    if not index.is_file():
        print(
            f"there is no {index}: `python -m lab --out {given.corpus}` makes it", file=sys.stderr
        )
        return 2
    rows = choose([json.loads(line) for line in index.read_text(encoding="utf-8").splitlines()])
    shutil.rmtree(given.destination, ignore_errors=True)
    (given.destination / "logs").mkdir(parents=True)
    rows = [_copy(row, given.corpus, given.destination) for row in rows]
    text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
    (given.destination / "index.jsonl").write_text(text, encoding="utf-8")
    dags = {(f"lab-airflow-{row['airflow_version']}", row["dag_id"]) for row in rows}
    tries = history.load(given.corpus / "history.csv")
    kept = [row for row in tries if (row["dataset"], row["dag_id"]) in dags]
    history.write(given.destination / "history.csv", kept)
    size = sum(file.stat().st_size for file in given.destination.rglob("*") if file.is_file())
    print(f"{len(rows)} logs, {len(kept)} tries in history.csv, {size / 1e6:.1f} MB")
    return 0


def choose(rows: list[Row]) -> list[Row]:
    """At most `QUOTA` faults of each family and Airflow, one try each; noisy ones come first,
    then those whose name's checksum is least."""
    bundled = {(major, name) for major, names in CHOICE.items() for name in names}
    taken: Counter[tuple[str, str]] = Counter()
    noisy: Counter[tuple[str, str]] = Counter()
    faults: set[tuple[str, str]] = set()
    chosen = []
    for row in sorted(rows, key=_rank):
        major = row["airflow_version"].partition(".")[0]
        place, fault = (row["family"], major), (major, row["fault"])
        is_noisy = row["fault"].endswith("_noisy")
        if fault in faults | bundled or row["n_lines"] > LONGEST or is_other(row):
            continue
        if taken[place] == QUOTA[major] or (is_noisy and noisy[place] == 1):
            continue
        faults.add(fault)
        taken[place] += 1
        noisy[place] += is_noisy
        chosen.append(row)
    return sorted(chosen, key=lambda row: str(row["file"]))


def is_other(row: Row) -> bool:
    """Whether the try is a task of a fault's DAG that did its work."""
    return str(row["cause"]).startswith("none: a task of the same DAG")


def _rank(row: Row) -> tuple[bool, int, str]:
    noisy = str(row["fault"]).endswith("_noisy")
    return not noisy, crc32(str(row["fault"]).encode()), str(row["file"])


def _copy(row: Row, corpus: Path, destination: Path) -> Row:
    content = (corpus / row["file"]).read_bytes()
    file = row["file"]
    if len(content) >= LARGE:
        file += ".gz"
        # No time stamp: the same log gives the same bytes.
        content = gzip.compress(content, 9, mtime=0)
    (destination / file).write_bytes(content)
    return {**row, "file": file}


if __name__ == "__main__":
    sys.exit(main())
