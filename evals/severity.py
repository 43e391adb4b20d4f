"""Levels of messages: `python -m evals.severity FILE.tsv.gz OUT.txt`.

Writes one label a row, told from the last column (the text) alone. Prints macro-F1 over distinct
templates, beside keywords alone, where the third column holds the truth.

`--left-out FILE.tsv.gz --corpus CORPUS…` is the figure for systems that the shipped classifier was
trained on: the systems of FILE are left out in turn, in `--folds` parts, a network is trained on the
others and on the corpus, and judges the messages of FILE. It writes nothing, takes ten minutes of a core
a fold (without `--encoder`), and needs the extra `train`.
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import numpy as np

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


def left_out(arguments: argparse.Namespace) -> None:
    """Print figures of networks that saw nothing of the system whose messages they judge."""
    from rich.console import Console
    from rich.progress import Progress

    from dagnosis.logs.learned.lines import LEVELS
    from dagnosis.logs.training.lines.corpus import folds
    from dagnosis.logs.training.lines.judging import Judged, head_of, keywords, scores
    from dagnosis.logs.training.lines.recipe import Aids, Pieces, Recipe
    from dagnosis.logs.training.lines.statements import read
    from dagnosis.logs.training.lines.validation import cross_validate

    own = list(read(arguments.left_out))
    rows = [*(row for path in arguments.corpus for row in read(path)), *own]
    fold = folds(own, arguments.folds)
    place = {row.system: at for row, at in zip(own, fold.tolist(), strict=True)}
    where = np.array([place.get(row.system, -1) for row in rows])  # other versions of a system, too
    pieces = Pieces.load(arguments.pieces) if arguments.pieces else None
    aids = Aids(pieces, arguments.encoder, arguments.opinions)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        every = cross_validate(rows, Recipe(), aids, where, arguments.jobs, progress)
    shares = every.probabilities[-len(own) :]  # rows are judged in their order
    by_keyword = keywords(own)
    said = {"network": shares.argmax(1), "keyword": by_keyword, "model": np.zeros(len(own), int)}
    for at in np.unique(fold).tolist():  # bias and weight of keywords are those of other systems
        others = [row for row, other in zip(own, fold, strict=True) if other != at]
        head = head_of(Judged(others, shares[fold != at], fold[fold != at], 0), 0, context=True)
        held = fold == at
        said["model"][held] = scores(shares[held], head, by_keyword[held]).argmax(1)
    cells = [[row.system, "", row.label, "", row.text] for row in own]
    print(f"messages        {len(distinct(cells, [row.label for row in own]))}")
    for name, levels in said.items():
        pairs = distinct(cells, [LEVELS[level] for level in levels.tolist()])
        print(f"{name:16}{macro_f1(pairs):.3f}")


def main() -> None:
    """Predict, write, and score where there is truth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="*", help="file to read, file to write")
    parser.add_argument(
        "--left-out", type=Path, metavar="FILE", help="leave its systems out in turn"
    )
    parser.add_argument("--corpus", type=Path, nargs="+", default=[], help="with --left-out")
    parser.add_argument("--pieces", type=Path, help="with --left-out: vectors of word pieces")
    parser.add_argument("--encoder", type=Path, help="with --left-out: a teacher")
    parser.add_argument(
        "--opinions",
        type=Path,
        help="with --left-out: those of teachers that saw no system of FILE",
    )
    parser.add_argument("--folds", type=int, default=3, help="parts of the systems (3)")
    parser.add_argument("--jobs", type=int, default=1, help="folds at a time (1)")
    arguments = parser.parse_args()
    if arguments.left_out:
        left_out(arguments)
        return
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
