"""Anomalies of metric series, online: `python -m evals.series DIR OUT.csv`.

Every `*.csv.gz` and `*.csv` of DIR with the columns timestamp and value is scored value by value,
beside its past only, with default settings; truth files are left out. OUT has a row for each value:
series, index, score (larger is stranger), alarm (0 or 1). `--peer PEER.csv` writes the same of the
z-score against all values before, which one would use otherwise.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from datetime import datetime
from pathlib import Path

from dagnosis.data.series import period_of, score_series
from evals.answers import write
from evals.peers import SIGMAS, online_z

HEAD = ("series", "index", "score", "alarm")


def read(path: Path) -> tuple[list[datetime], list[float]]:
    """Time stamps and values of a series."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as file:
        rows = list(csv.DictReader(file))
    times = [datetime.fromisoformat(row["timestamp"]) for row in rows]
    return times, [float(row["value"] or "nan") for row in rows]


def main() -> None:
    """Score and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--peer", type=Path)
    arguments = parser.parse_args()
    ours: list[tuple[object, ...]] = []
    theirs: list[tuple[object, ...]] = []
    for path in sorted(arguments.folder.glob("*.csv*")):
        name = path.name.partition(".csv")[0]
        if name == "truth":
            continue
        times, values = read(path)
        points = score_series(values, period_of(times))
        print(f"{name}: {sum(point.alarm for point in points)} alarms", flush=True)
        for index, (point, z) in enumerate(zip(points, online_z(values), strict=True)):
            ours.append((name, index, round(point.score, 6), int(point.alarm)))
            theirs.append((name, index, round(z, 6), int(z > SIGMAS)))
    write(arguments.out, HEAD, ours)
    if arguments.peer:
        write(arguments.peer, HEAD, theirs)


if __name__ == "__main__":
    main()
