"""Levels of messages: `python -m evals.severity FILE.tsv.gz OUT.txt`.

Writes one label a row, told from the last column (the text) alone. Prints macro-F1 over distinct
templates, beside keywords alone, where the third column holds the truth.

`--cross-validate CORPUS…` leaves systems out in turn instead: it trains, and writes nothing. This is
the figure for systems that the shipped classifier was trained on (it needs the extra `train`).
"""

from __future__ import annotations

import argparse
import gzip
import subprocess
import sys
from pathlib import Path

from dagnosis.logs.severity import Engine
from dagnosis.model import LogLine
from dagnosis.services.lines import label_lines

LABELS = ("INFO", "WARNING", "ERROR")


def macro_f1(pairs: list[tuple[str, str]]) -> float:
    """Mean F1 of the labels that are present in the truth (first of each pair)."""
    scores = []
    for label in LABELS:
        true = sum(a == label for a, _ in pairs)
        said = sum(b == label for _, b in pairs)
        hits = sum(a == b == label for a, b in pairs)
        if true:
            scores.append(2 * hits / (true + said))
    return sum(scores) / len(scores)


def distinct(rows: list[list[str]], said: list[str]) -> list[tuple[str, str]]:
    """Truth and answer of the first row of each system, label and template."""
    template = 4 if len(rows[0]) > 4 and "<*>" in "".join(row[-1] for row in rows[:5000]) else 3
    first: dict[tuple[str, ...], tuple[str, str]] = {}
    for row, label in zip(rows, said, strict=True):
        first.setdefault((row[0], row[2], row[template]), (row[2], label))
    return list(first.values())


def main() -> None:
    """Predict, write, and score where there is truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="+")
    parser.add_argument("--cross-validate", action="store_true")
    parser.add_argument("--pieces", type=Path, help="with --cross-validate: vectors of word pieces")
    arguments = parser.parse_args()
    if arguments.cross_validate:
        module = [sys.executable, "-m", "dagnosis.logs.training.lines", "--compare"]
        pieces = ["--pieces", str(arguments.pieces)] if arguments.pieces else []
        sys.exit(
            subprocess.run([*module, *pieces, *map(str, arguments.file)], check=False).returncode
        )
    if len(arguments.file) != 2:
        parser.error("needs a file to read and one to write")
    path, out = arguments.file
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="\n") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    texts = [LogLine(number, row[-1], row[-1]) for number, row in enumerate(rows, 1)]
    answers = {
        engine: [found.level for _, found in label_lines(texts, engine)] for engine in ENGINES
    }
    out.write_text("".join(f"{level}\n" for level in answers["model"]), "utf-8")
    print(f"rows            {len(rows)}")
    for engine, said in answers.items():
        if rows and len(rows[0]) > 2 and rows[0][2] in LABELS:
            print(f"{engine:16}{macro_f1(distinct(rows, [*said])):.3f}")


ENGINES: tuple[Engine, ...] = ("model", "keyword")

if __name__ == "__main__":
    main()
