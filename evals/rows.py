"""Outlying rows of numeric tables: `python -m evals.rows DIR OUT.csv`.

Every `*.parquet` of DIR is scored with default settings, without labels. OUT has a row for each row of
each table: dataset, row (from 0), score (larger is stranger), alarm (0 or 1).
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.rows import row_scores


def main() -> None:
    """Score and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        sink = csv.writer(file)
        sink.writerow(["dataset", "row", "score", "alarm"])
        for path in sorted(arguments.folder.glob("*.parquet")):
            scores, alarms = row_scores(DuckDBEngine(path, ordered=True).rows(1 << 22))
            print(f"{path.stem}: {len(scores)} rows, {int(alarms.sum())} alarms", flush=True)
            for row, (score, alarm) in enumerate(zip(scores, alarms, strict=True)):
                sink.writerow([path.stem, row, round(float(score), 6), int(alarm)])


if __name__ == "__main__":
    main()
