"""From when on may a like failure answer? `python -m evals.similar CORPUS`, of the lab's logs.

Each failure in turn is asked about, with all others as a memory whose labels are the truth: first the
tries of the lab, where those of the same fault and of the same fingerprint are left out, so that what
remains is as unlike as failures of one family are; then the shipped excerpts of the causes, no two of
which say the same. Printed for several bars: how many neighbours voted, and how many were right.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from dagnosis.logs.causes.catalogue import load_causes
from dagnosis.logs.diagnosers.rules import diagnose
from dagnosis.logs.diagnosers.similar import CLOSE, LEAD
from dagnosis.logs.diagnosers.vectors import LENGTH, vector
from dagnosis.logs.fingerprint import fingerprint
from dagnosis.logs.parsing import parse
from dagnosis.logs.reading import read_path

BARS = [(close, lead) for close in (0.4, 0.5, 0.6, 0.7) for lead in (0.0, 0.1, 0.2, 0.3)]


class Item(NamedTuple):
    """A failing message, the families that fit (the first is the label), and its group: items of one
    group are not remembered when another of it is asked about."""

    message: str
    families: tuple[str, ...]
    group: str


class Vote(NamedTuple):
    """The nearest neighbour of an item."""

    closeness: float
    lead: float
    right: bool


def of_lab(corpus: Path) -> list[Item]:
    """The failed tries of a corpus whose failure is found; the group is the fault."""
    items = []
    for row in map(json.loads, (corpus / "index.jsonl").read_text("utf-8").splitlines()):
        log = parse(read_path(corpus / row["file"])) if row["n_lines"] else None
        finding = diagnose(log) if log and row["family"] != "none" else None
        if finding:
            families = tuple(dict.fromkeys((row["family"], *row["accepted"])))
            items.append(Item(finding.message, families, row["fault"]))
    return items


def of_causes() -> list[Item]:
    """The excerpts that the causes must match; each is a group of its own."""
    return [
        Item(text, (cause.family,), f"{cause.id} {number}")
        for cause in load_causes()
        for number, text in enumerate(cause.spec.examples.match)
    ]


def votes(items: list[Item]) -> list[Vote]:
    """What the nearest of the others says of each item."""
    vectors: npt.NDArray[np.float32] = np.zeros((len(items), LENGTH), dtype=np.float32)
    for row, item in enumerate(items):
        pointing = vector(item.message)
        if pointing:
            vectors[row] = pointing
    names = np.array([fingerprint([item.message]) for item in items])
    groups = np.array([item.group for item in items])
    labels = np.array([item.families[0] for item in items])
    found: list[Vote] = []
    for row, item in enumerate(items):
        others = (names != names[row]) & (groups != groups[row])
        scores = np.where(others, vectors @ vectors[row], -1)
        best = int(scores.argmax())
        against = scores[labels != labels[best]].max(initial=0.0)
        lead = float(scores[best]) - max(float(against), 0.0)
        found.append(Vote(float(scores[best]), lead, labels[best] in item.families))
    return found


def show(name: str, found: list[Vote]) -> None:
    """One row a bar; * marks the one in use."""
    print(f"{name}: {len(found)} failures, the nearest is right in {_share(found, _any):.3f}")
    for close, lead in BARS:

        def voting(vote: Vote, close: float = close, lead: float = lead) -> bool:
            return vote.closeness >= close and vote.lead >= lead

        count = sum(map(voting, found))
        mark = "*" if (close, lead) == (CLOSE, LEAD) else " "
        right = _share(found, voting)
        print(f"{mark} closeness {close:.1f} lead {lead:.1f}  {count:5} vote, right {right:.3f}")


def _any(_: Vote) -> bool:
    return True


def _share(found: list[Vote], voting: Callable[[Vote], bool]) -> float:
    chosen = [vote.right for vote in found if voting(vote)]
    return sum(chosen) / len(chosen) if chosen else float("nan")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="a folder that the lab made")
    show("lab, without the same fault", votes(of_lab(parser.parse_args().corpus)))
    show("excerpts of the causes", votes(of_causes()))


if __name__ == "__main__":
    main()
