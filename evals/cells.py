"""Wrong cells of dirty tables: `python -m evals.cells DIR OUT.csv`.

Every `*.csv` of DIR but truth.csv is read as text and searched with default settings. OUT has a row
for each cell held for wrong: dataset, row (from 0), column, score in (0, 1]. No truth is read.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from dagnosis.data.cells import wrong_cells


def read(path: Path) -> dict[str, list[str]]:
    """A CSV as columns of text, an empty cell as an empty text."""
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.reader(file)
        names = next(rows)
        columns: dict[str, list[str]] = {name: [] for name in names}
        for row in rows:
            for name, cell in zip(names, row, strict=False):
                columns[name].append(cell)
    return columns


def main() -> None:
    """Search and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    with arguments.out.open("w", newline="", encoding="utf-8") as file:
        sink = csv.writer(file)
        sink.writerow(["dataset", "row", "column", "score"])
        for path in sorted(arguments.folder.glob("*.csv")):
            if path.name == "truth.csv":
                continue
            cells = wrong_cells(read(path))
            print(f"{path.stem}: {len(cells)} cells")
            sink.writerows((path.stem, c.row, c.column, round(c.score, 4)) for c in cells)


if __name__ == "__main__":
    main()
