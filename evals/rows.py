"""Outlying rows of numeric tables: `python -m evals.rows DIR OUT.csv`.

Every `*.parquet` of DIR is scored with default settings, without labels. OUT has a row for each row of
each table: dataset, row (from 0), score (larger is stranger), alarm (0 or 1). `--peer PEER.csv` writes the
same of the largest z-score of a row, which one would use otherwise.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from dagnosis.data.profile.duckdb import DuckDBEngine
from dagnosis.data.rows import row_scores
from evals.answers import write
from evals.peers import SIGMAS, largest_z

HEAD = ("dataset", "row", "score", "alarm")


def main() -> None:
    """Score and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--peer", type=Path)
    arguments = parser.parse_args()
    ours: list[tuple[object, ...]] = []
    theirs: list[tuple[object, ...]] = []
    for path in sorted(arguments.folder.glob("*.parquet")):
        rows = DuckDBEngine(path, ordered=True).rows(1 << 22)
        scores, alarms = row_scores(rows)
        print(f"{path.stem}: {len(scores)} rows, {int(alarms.sum())} alarms", flush=True)
        for row, (score, alarm) in enumerate(zip(scores, alarms, strict=True)):
            ours.append((path.stem, row, round(float(score), 6), int(alarm)))
        for row, z in enumerate(largest_z(pd.read_parquet(path).to_numpy(np.float64))):
            theirs.append((path.stem, row, round(float(z), 6), int(z > SIGMAS)))
    write(arguments.out, HEAD, ours)
    if arguments.peer:
        write(arguments.peer, HEAD, theirs)


if __name__ == "__main__":
    main()
