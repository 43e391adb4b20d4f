"""Anomalies of metric series, online: `python -m evals.series DIR OUT.csv`.

Every `*.csv.gz` and `*.csv` of DIR with the columns timestamp and value is scored value by value,
beside its past only, with default settings; truth files are left out. OUT has a row for each value:
series, index, score (larger is stranger), alarm (0 or 1).
"""

from __future__ import annotations

import argparse
import csv
import gzip
from datetime import datetime
from pathlib import Path

from dagnosis.data.series import period_of, score_series


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
    arguments = parser.parse_args()
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        sink = csv.writer(file)
        sink.writerow(["series", "index", "score", "alarm"])
        for path in sorted(arguments.folder.glob("*.csv*")):
            name = path.name.partition(".csv")[0]
            if name == "truth":
                continue
            times, values = read(path)
            points = score_series(values, period_of(times))
            print(f"{name}: {sum(point.alarm for point in points)} alarms", flush=True)
            for index, point in enumerate(points):
                sink.writerow([name, index, round(point.score, 6), int(point.alarm)])


if __name__ == "__main__":
    main()
