"""Answers as the scorers read them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path


def write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV with a head; the folder must be there."""
    with path.open("w", newline="", encoding="utf-8") as file:
        sink = csv.writer(file)
        sink.writerow(head)
        sink.writerows(rows)
